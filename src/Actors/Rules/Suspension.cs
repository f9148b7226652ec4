using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Rules;

/// <summary>No attempt is begun for a domain's mail, on any node: an operator's rule.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Until">When it ends by itself; null for never.</param>
/// <param name="Author">Who made it.</param>
/// <param name="Reason">Why; may be empty.</param>
/// <param name="At">When.</param>
public sealed record Suspension(DomainName Domain, DateTimeOffset? Until, string Author, string Reason, DateTimeOffset At)
{
    /// <summary>The kind of its rules.</summary>
    public const string Kind = "suspension";

    /// <summary>The key of a domain's.</summary>
    public static RuleKey KeyOf(DomainName domain) => new(Kind, domain.Value);

    /// <summary>What a rule of this kind means.</summary>
    public static Suspension Of(Rule rule) => new(new DomainName(rule.Key.Name), rule.Until, rule.Author, rule.Reason, rule.At);
}
