using Akka.Actor;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>What a queue actor is told on its node. Queue actors are partitioned by destination; <c>QueuePartitions</c> says which has a domain.</summary>
public static class QueueProtocol
{
    /// <summary>Entries were committed, or found at start. From the spool's committer, to the partition of their destinations.</summary>
    public sealed record Arrived(IReadOnlyList<Arrival> Arrivals) : INoSerializationVerificationNeeded;

    /// <summary>The pool has room: hand over up to so many due jobs of the domain. Answered by <see cref="Sites.SitePoolProtocol.Ready"/>, also when there is none.</summary>
    public sealed record Want(DomainName Domain, int Jobs) : INoSerializationVerificationNeeded;

    /// <summary>Jobs came to an end. From a site pool, in parts as large as they come.</summary>
    public sealed record Ended(IReadOnlyList<JobEnded> Jobs) : INoSerializationVerificationNeeded;

    /// <summary>Stop handing out jobs: the node is stopping, or the spool is unhealthy.</summary>
    public sealed record Pause : INoSerializationVerificationNeeded;

    /// <summary>Go on.</summary>
    public sealed record Resume : INoSerializationVerificationNeeded;
}
