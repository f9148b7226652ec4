using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Handover;

/// <summary>How members find each other's internal listeners: asked of, and answered by, the <see cref="HandoverActor"/> of each node.</summary>
public static class HandoverProtocol
{
    /// <summary>Where do you take queued mail, and do you take some now? Answered by <see cref="Answer"/> where <paramref name="Node"/> is a member, else not at all. May be repeated.</summary>
    /// <param name="Node">Who asks.</param>
    /// <param name="Spool">The id of its spool.</param>
    public sealed record Ask(NodeId Node, ulong Spool) : IWireMessage;

    /// <summary>Here.</summary>
    /// <param name="Node">Who answers.</param>
    /// <param name="Host">The host of its internal listener.</param>
    /// <param name="Port">The port there.</param>
    /// <param name="Spool">The id of its spool: who it is for a message that is marked for it, whatever its address.</param>
    /// <param name="Ticket">What the donor shows there. It is good for as long as both processes live and are members.</param>
    /// <param name="Takes">False while it takes no mail: it is stopping, its disk or memory is full, or it is cut off. Questions about mail it has had are answered all the same.</param>
    public sealed record Answer(NodeId Node, string Host, int Port, ulong Spool, string Ticket, bool Takes) : IWireMessage;
}
