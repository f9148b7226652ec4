using System.Collections.Frozen;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Rules;

/// <summary>The domains that are suspended, as this node knows it. Written by the rules' actor, read by queue actors and operators' faces from any thread.</summary>
public sealed class SuspendedDomains
{
    private volatile FrozenDictionary<DomainName, Suspension> _now = FrozenDictionary<DomainName, Suspension>.Empty;

    /// <summary>Some domains have been suspended or resumed; what is read here is newer. From the rules' actor: handlers may only post.</summary>
    public event Action<IReadOnlyList<DomainName>>? Changed;

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<Suspension> All => [.. _now.Values.OrderBy(suspension => suspension.Domain)];

    /// <summary>True while no attempt may be begun for the domain.</summary>
    public bool Contains(DomainName domain) => _now.ContainsKey(domain);

    /// <summary>Takes over what the rules say at a time, and returns what has changed: before and after, null for none.</summary>
    internal IReadOnlyList<(Suspension? Before, Suspension? After)> Set(RuleSet rules, DateTimeOffset now)
    {
        var before = _now;
        var after = rules.Rules.Where(rule => rule.Key.Kind == Suspension.Kind && rule.IsInForce(now)).Select(Suspension.Of).ToFrozenDictionary(suspension => suspension.Domain);
        List<(Suspension?, Suspension?)> changes =
        [
            .. after.Values.Select(suspension => (before.GetValueOrDefault(suspension.Domain), (Suspension?)suspension)).Where(change => change.Item1 != change.Item2),
            .. before.Values.Where(suspension => !after.ContainsKey(suspension.Domain)).Select(suspension => ((Suspension?)suspension, (Suspension?)null)),
        ];
        if (changes.Count > 0)
        {
            _now = after;
            Changed?.Invoke([.. changes.Select(change => (change.Item1 ?? change.Item2)!.Domain)]);
        }

        return changes;
    }
}
