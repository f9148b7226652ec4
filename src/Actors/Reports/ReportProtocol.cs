using Akka.Actor;
using MailCluster.Spool;

namespace MailCluster.Actors.Reports;

/// <summary>What the report actor of a node is told by queue actors. It gathers what belongs to one message for a short while, writes the report and commits it to the spool.</summary>
public static class ReportProtocol
{
    /// <summary>A report is owed for recipients of this entry; the spool says which. Repeatable.</summary>
    public sealed record Owed(EntryRef Entry) : INoSerializationVerificationNeeded;

    /// <summary>The sender should be told that this entry's open recipients are late (once per message and destination).</summary>
    /// <param name="Entry">The entry.</param>
    /// <param name="Until">When its lifetime ends.</param>
    public sealed record Delayed(EntryRef Entry, DateTimeOffset Until) : INoSerializationVerificationNeeded;

    /// <summary>Begin no report more, for good: what is owed goes with its messages to another node. Answered by <see cref="LetGone"/> when those under way have ended.</summary>
    public sealed record LetGo : INoSerializationVerificationNeeded;

    /// <summary>Answers <see cref="LetGo"/>: nothing is written any more.</summary>
    public sealed record LetGone : INoSerializationVerificationNeeded;
}
