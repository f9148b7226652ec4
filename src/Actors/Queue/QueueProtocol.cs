using System.Collections.Immutable;
using Akka.Actor;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>What a queue actor is told on its node. Queue actors are partitioned by destination; <see cref="QueuePartitions"/> says which has a domain.</summary>
public static class QueueProtocol
{
    /// <summary>Entries were committed, or found at start. From the spool's committer, to the partition of their destinations.</summary>
    public sealed record Arrived(IReadOnlyList<Arrival> Arrivals) : INoSerializationVerificationNeeded;

    /// <summary>The pool has room: hand over up to so many due jobs of the domain, now and as they become due, beside what it has allowed before. Answered by <see cref="SitePoolProtocol.Ready"/>, also
    /// when there is none. 0 takes back what is not used up: the answer tells how much that was, and after it nothing comes unasked.</summary>
    public sealed record Want(SiteKey Site, DomainName Domain, int Jobs) : INoSerializationVerificationNeeded;

    /// <summary>Jobs came to an end. From a site pool, in parts as large as they come.</summary>
    public sealed record Ended(IReadOnlyList<JobEnded> Jobs) : INoSerializationVerificationNeeded;

    /// <summary>A site's pool is no more, and with it what it had allowed. It has given its jobs back before. From the pool's last breath.</summary>
    public sealed record PoolGone(SiteKey Site) : INoSerializationVerificationNeeded;

    /// <summary>Some domains have been suspended or resumed by an operator. From the node's rules.</summary>
    public sealed record SuspensionsChanged(IReadOnlyList<DomainName> Domains) : INoSerializationVerificationNeeded;

    /// <summary>Stop handing out jobs, and take back those that no connection has begun: the node is stopping, or the spool is unhealthy.</summary>
    public sealed record Pause : INoSerializationVerificationNeeded;

    /// <summary>Go on.</summary>
    public sealed record Resume : INoSerializationVerificationNeeded;

    /// <summary>Let go of all mail for good: the node hands its spool over. Pauses first; from then on nothing of what waits is tried, expires or has its delay told, and what is with connections follows
    /// as its jobs end. May be repeated. Answered by <see cref="LetGone"/>, at once. What the spool keeps is queued again by the next start alone: a <see cref="Resume"/> does not bring it back.</summary>
    public sealed record LetGo : INoSerializationVerificationNeeded;

    /// <summary>Answers <see cref="LetGo"/>.</summary>
    /// <param name="Remaining">Entries that are still with connections or being recorded; at 0 the partition does nothing to the spool any more.</param>
    public sealed record LetGone(int Remaining) : INoSerializationVerificationNeeded;

    /// <summary>Asks how the queue stands. Answered by <see cref="Inspection"/>.</summary>
    /// <param name="Domain">One destination; null for all.</param>
    /// <param name="Destinations">How many destinations to describe at most, those with the most recipients first.</param>
    public sealed record Inspect(DomainName? Domain, int Destinations) : INoSerializationVerificationNeeded;

    /// <summary>How this partition of the queue stands.</summary>
    /// <param name="Entries">Entries that wait or are under way.</param>
    /// <param name="Recipients">Their recipients.</param>
    /// <param name="HandedOut">Entries that are with pools and connections.</param>
    /// <param name="Destinations">Destinations with mail.</param>
    /// <param name="Described">Those asked for.</param>
    public sealed record Inspection(int Entries, long Recipients, int HandedOut, int Destinations, ImmutableArray<DestinationInspection> Described) : INoSerializationVerificationNeeded;
}
