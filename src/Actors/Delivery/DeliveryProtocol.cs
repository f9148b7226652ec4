using MailCluster.Actors.Facts;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>What a domain's delivery actor is told by the nodes that have mail for the domain, and what it answers. All of it may be lost, doubled or late.</summary>
public static class DeliveryProtocol
{
    /// <summary>Goes to, or comes from, the actor of one domain.</summary>
    public interface IDeliveryMessage : IWireMessage
    {
        /// <summary>The domain.</summary>
        DomainName Domain { get; }
    }

    /// <summary>What waits on a node for the domain, and what its attempts met since the last report. Coalesced: at the first mail, then when a decision runs out or something changed
    /// that the actor must know. Repeatable: the highest number of an incarnation counts. Answered by <see cref="Decision"/>, to the sender.</summary>
    /// <param name="Domain">The domain.</param>
    /// <param name="Node">Who reports.</param>
    /// <param name="Number">Rises with every report of this node for this domain.</param>
    /// <param name="Waiting">Recipients that wait there; 0 says goodbye.</param>
    /// <param name="Oldest">How long the oldest has waited.</param>
    /// <param name="Outcome">What the attempts since the last report met.</param>
    /// <param name="Refresh">True where the route has run out or failed and should be resolved anew.</param>
    /// <param name="Closed">True where the last decision said that the domain is closed: a new incarnation takes it from there.</param>
    /// <param name="Fact">What this node has kept of the domain.</param>
    public sealed record Report(DomainName Domain, NodeId Node, long Number, int Waiting, TimeSpan Oldest, AttemptsOutcome Outcome, bool Refresh, bool Closed = false, Fact? Fact = null) : IDeliveryMessage;

    /// <summary>Where, when and how much. Holds until <paramref name="TimeToLive"/> after it came, even when nobody answers then; sent unasked too when it changes.</summary>
    /// <param name="Domain">The domain.</param>
    /// <param name="Number">The report it answers; 0 where unasked.</param>
    /// <param name="Route">Where.</param>
    /// <param name="Schedule">When.</param>
    /// <param name="Closed">How much: true where the domain's queue is full in the whole cluster, and sessions answer 452 4.3.1 to RCPT.</param>
    /// <param name="TimeToLive">How long the node may use it.</param>
    /// <param name="Fact">What the actor has learned of the domain and its successor should know; the node keeps it.</param>
    public sealed record Decision(DomainName Domain, long Number, Route Route, DomainSchedule Schedule, bool Closed, TimeSpan TimeToLive, Fact? Fact = null) : IDeliveryMessage;

    /// <summary>Tells every member, also those without mail for the domain, whether its queue is full in the whole cluster. Repeated while it is, and for a while after it has opened. Goes to
    /// <see cref="ClosedDomainsActor"/>; not answered.</summary>
    /// <param name="Domain">The domain.</param>
    /// <param name="IsClosed">True where sessions are to answer 452 4.3.1 to RCPT.</param>
    /// <param name="TimeToLive">It opens by itself after so long without another word.</param>
    public sealed record Closing(DomainName Domain, bool IsClosed, TimeSpan TimeToLive) : IWireMessage;

    /// <summary>What a node's attempts for the domain met.</summary>
    public enum AttemptsOutcome : byte
    {
        /// <summary>None was made.</summary>
        None,
        /// <summary>A mail exchanger talked to us: the domain is up, whatever it said of single messages.</summary>
        Reached,
        /// <summary>No mail exchanger is left to try: the domain is down.</summary>
        Unreachable,
    }
}
