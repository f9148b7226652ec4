using System.Collections.Immutable;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>What the site actor is asked by the nodes that have mail for its site, and what it answers. All of it may be lost, doubled or late.</summary>
public static class SiteProtocol
{
    /// <summary>Goes to, or comes from, the actor of one site.</summary>
    public interface ISiteMessage : IWireMessage
    {
        /// <summary>The site.</summary>
        SiteKey Site { get; }
    }

    /// <summary>Asks for the right to send, and reports what is held and what happened since the last request. Repeatable: the highest number from an incarnation counts.
    /// Answered by <see cref="Granted"/> or <see cref="Held"/>.</summary>
    /// <param name="Site">The site.</param>
    /// <param name="Node">Who asks.</param>
    /// <param name="Number">Rises with every request of this node for this site.</param>
    /// <param name="Epoch">The newest incarnation heard of; default for none.</param>
    /// <param name="Held">Connections open now.</param>
    /// <param name="Demand">Connections that would be of use now, those open included. 0 gives the lease back, and no answer to an earlier request has any effect then.</param>
    /// <param name="Limit">Connections that this node's configuration allows to the site in the whole cluster.</param>
    /// <param name="Failures">Connections that failed, up to the reply to EHLO, since the last success.</param>
    /// <param name="Succeeded">True where a connection has got through since the last request.</param>
    /// <param name="Heard">The number of the newest answer from <paramref name="Epoch"/> that is in force here, a <see cref="Granted"/> or a <see cref="Held"/> that took the lease away:
    /// whatever answered an earlier request will have no effect any more, so the actor need not count it. 0 for none; then everything counts until it runs out.</param>
    /// <param name="Fact">What this node has kept of the site, where it does not know of an incarnation yet.</param>
    public sealed record Request(
        SiteKey Site, NodeId Node, long Number, Epoch Epoch, int Held, int Demand, int Limit, int Failures, bool Succeeded, long Heard = 0, Fact? Fact = null) : ISiteMessage;

    /// <summary>The right to hold so many connections until it runs out, counted from when request <paramref name="Number"/> was sent. Replaces what earlier requests were granted, more or
    /// less; answers to requests before the newest one answered are ignored, and so are those of incarnations before the newest heard of.</summary>
    public sealed record Granted(SiteKey Site, long Number, Epoch Epoch, int Connections, TimeSpan TimeToLive, Fact? Fact = null) : ISiteMessage;

    /// <summary>Nothing now: ask again after <paramref name="RetryAfter"/>, or when offered. <see cref="HeldReason.Taken"/> and <see cref="HeldReason.Broken"/> also take away what is leased:
    /// begin no transaction, close when the running one ends, and ask at once when the last socket has closed, so that the slot is free at once. <see cref="HeldReason.Unready"/> leaves it
    /// to run out.</summary>
    public sealed record Held(SiteKey Site, long Number, Epoch Epoch, TimeSpan RetryAfter, HeldReason Reason, Fact? Fact = null) : ISiteMessage;

    /// <summary>A slot is free: ask. Not a grant, so that time always runs from a request.</summary>
    public sealed record Offered(SiteKey Site, Epoch Epoch) : ISiteMessage;

    /// <summary>A new incarnation asks each member what it holds of the site, and thereby shuts out its predecessors there. Repeatable. Answered by <see cref="Holding"/>.</summary>
    public sealed record WhatIsHeld(SiteKey Site, Epoch Epoch) : ISiteMessage;

    /// <summary>What a node holds of the site.</summary>
    /// <param name="Site">The site.</param>
    /// <param name="Node">Who answers.</param>
    /// <param name="Epoch">The newest incarnation it knows of. Newer than the one that asked: then nothing was shut out, and the asker must begin again with a still newer one.</param>
    /// <param name="Lease">What was leased to it by whoever came before.</param>
    /// <param name="Gone">Members it has seen go within <see cref="LeaseTiming.Grace"/>, for one that joined too late to see it.</param>
    /// <param name="Fact">What it has kept of the site.</param>
    public sealed record Holding(SiteKey Site, NodeId Node, Epoch Epoch, HeldLease Lease, ImmutableArray<GoneMember> Gone, Fact? Fact = null) : ISiteMessage;

    /// <summary>Why nothing was granted.</summary>
    public enum HeldReason : byte
    {
        /// <summary>All slots are lent out.</summary>
        Taken,
        /// <summary>The circuit is open: connections have failed one after the other.</summary>
        Broken,
        /// <summary>The actor is new and does not know yet what its predecessor granted, or its node is not current.</summary>
        Unready,
    }
}
