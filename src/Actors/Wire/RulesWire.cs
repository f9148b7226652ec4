using System.Runtime.Serialization;
using Google.Protobuf;
using MailCluster.Actors.Rules;

namespace MailCluster.Actors.Wire;

/// <summary><see cref="RulesProtocol"/> in protobuf.</summary>
internal static class RulesWire
{
    private const long MicrosecondsPerYear = 31_556_952_000_000;

    public static IMessage Write(RulesProtocol.IRulesMessage message)
    {
        switch (message)
        {
            case RulesProtocol.Digest digest:
                var parts = new Proto.RulesDigest { Node = CommonWire.Write(digest.Node), IsAnswer = digest.IsAnswer, IsOutdated = digest.IsOutdated };
                parts.Parts.Add(digest.Parts);
                return parts;
            case RulesProtocol.Told told:
                var rules = new Proto.RulesTold { Node = CommonWire.Write(told.Node), IsOutdated = told.IsOutdated };
                rules.Rules.Add(told.Rules.Select(Write));
                return rules;
            default:
                throw new ArgumentException($"Not a wire message: {message.GetType()}", nameof(message));
        }
    }

    public static RulesProtocol.Digest Read(Proto.RulesDigest digest) => new(CommonWire.Read(digest.Node), [.. digest.Parts], digest.IsAnswer, digest.IsOutdated);

    public static RulesProtocol.Told Read(Proto.RulesTold told) => new(CommonWire.Read(told.Node), [.. told.Rules.Select(Read)], told.IsOutdated);

    public static Proto.Rule Write(Rule rule) => new()
    {
        Kind = rule.Key.Kind,
        Name = rule.Key.Name,
        Counter = rule.Version.Counter,
        Node = rule.Version.Node,
        IsRemoved = rule.IsRemoved,
        Value = rule.Value,
        UntilUs = rule.Until is { } until ? Write(until) : 0,
        Author = rule.Author,
        Reason = rule.Reason,
        AtUs = Write(rule.At),
    };

    public static Rule Read(Proto.Rule rule) => rule.Kind.Length > 0 && rule.Name.Length > 0
        ? new(new(rule.Kind, rule.Name), new(rule.Counter, rule.Node), rule.IsRemoved, rule.Value, rule.UntilUs == 0 ? null : ReadTime(rule.UntilUs), rule.Author, rule.Reason, ReadTime(rule.AtUs))
        : throw new SerializationException("A rule without kind or name");

    /// <summary>Microseconds since 1970.</summary>
    public static long Write(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time; what lies outside of all years is moved to their edge.</summary>
    public static DateTimeOffset ReadTime(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(microseconds, -1969 * MicrosecondsPerYear, 8028 * MicrosecondsPerYear) * TimeSpan.TicksPerMicrosecond);
}
