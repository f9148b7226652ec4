using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Sites;

/// <summary>What a site's pool on this node is told: by queue actors (through the parent of all pools, which makes a pool at the first word of its site) and by its outbound actors.</summary>
public static class SitePoolProtocol
{
    /// <summary>Meant for one site's pool.</summary>
    public interface IForPool : INoSerializationVerificationNeeded
    {
        /// <summary>The site.</summary>
        SiteKey Site { get; }
    }

    /// <summary>The sender has so many due jobs for the domain, and this is the domain's newest route. The pool pulls with <see cref="QueueProtocol.Want"/> as it has room, its domains in turn.
    /// 0 takes the domain off the pool, which gives back the jobs that no connection has. Repeatable: the last word counts.</summary>
    /// <param name="Site">The site.</param>
    /// <param name="Domain">The domain.</param>
    /// <param name="Route">Its route.</param>
    /// <param name="Jobs">How many are due.</param>
    /// <param name="Turn">Rises with everything that the sender says to pools: this goes through their parent and may be overtaken by a later <see cref="Ready"/>, which then counts.</param>
    public sealed record Waiting(SiteKey Site, DomainName Domain, Route.To Route, int Jobs, long Turn = 0) : IForPool;

    /// <summary>The jobs wanted, fewer where there were fewer; how many are still due. Comes unasked too, while an allowance stands. Told to the pool itself.</summary>
    /// <param name="Site">The site.</param>
    /// <param name="Domain">The domain.</param>
    /// <param name="Jobs">The jobs; each uses up one of the allowance.</param>
    /// <param name="StillDue">How many are still due.</param>
    /// <param name="Route">The domain's newest route; null where the sender knows none to this site.</param>
    /// <param name="Returned">So much of the allowance will not be used any more.</param>
    /// <param name="Turn">As in <see cref="Waiting"/>.</param>
    public sealed record Ready(SiteKey Site, DomainName Domain, IReadOnlyList<DeliveryJob> Jobs, int StillDue, Route.To? Route = null, int Returned = 0, long Turn = 0) : IForPool;

    /// <summary>Give the job back if no connection has it yet. Its end tells.</summary>
    public sealed record Recall(SiteKey Site, DeliveryJob Job) : IForPool;

    /// <summary>One of the node's connections is kept for the site: its pool opens it now, or it goes to the next. From the <see cref="ConnectionBudget"/>.</summary>
    public sealed record Room(SiteKey Site) : IForPool;

    /// <summary>Others wait for one of the node's connections: close one that has no work, else one of those beyond the site's share. From the <see cref="ConnectionBudget"/>.</summary>
    public sealed record MakeRoom(SiteKey Site) : IForPool;

    /// <summary>There is a place for the site's question to its actor. From <see cref="LeaseQuestions"/>.</summary>
    public sealed record MayAsk(SiteKey Site) : IForPool;

    /// <summary>A connection is ready for work: answered by <see cref="Outbound.OutboundProtocol.Deliver"/> when there is a job, by <see cref="Outbound.OutboundProtocol.Close"/> when it should end.</summary>
    public sealed record Idle(OutboundState State) : INoSerializationVerificationNeeded;

    /// <summary>A job is over, well or not. From an outbound actor.</summary>
    public sealed record AttemptEnded(JobEnded Job) : INoSerializationVerificationNeeded;

    /// <summary>The connection has ended: its socket is closed, its slot is free. From an outbound actor, last of all.</summary>
    /// <param name="Failure">Why no host could be reached, or null where the connection served or was closed in order.</param>
    public sealed record Closed(Protocol.Failures.DeliveryFailure? Failure) : INoSerializationVerificationNeeded;

    /// <summary>Close every connection when it has nothing to do, at once instead of after a while. The node is stopping, and its queue paused. To the parent of all pools, which answers <see cref="Drained"/>.</summary>
    public sealed record Drain : INoSerializationVerificationNeeded;

    /// <summary>No connection is open, every job has been given back, every lease too.</summary>
    public sealed record Drained : INoSerializationVerificationNeeded;

    /// <summary>Where an outbound connection stands when it asks for work.</summary>
    public enum OutboundState : byte
    {
        /// <summary>It has just got through EHLO.</summary>
        Connected,
        /// <summary>It has finished a job.</summary>
        Served,
    }
}
