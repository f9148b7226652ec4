using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Cluster;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>The cluster as this node sees it, for the site actors on it. Written by <see cref="FenceActor"/> alone, read by all threads.</summary>
public sealed class Membership
{
    private readonly ConcurrentDictionary<NodeId, Moment> _heard = [];
    private volatile View _now;

    /// <summary>Knows nobody.</summary>
    public Membership() => _now = new([], [], [], Moment.Never) { Heard = _heard };

    /// <summary>The newest view.</summary>
    public View Now
    {
        get => _now;
        internal set => _now = value;
    }

    /// <summary>This node answers a member, or is about to. To be told before the view is asked whether it is one: so that whoever is answered as a member is known to have been heard of.</summary>
    internal void Heard(NodeId node, Moment now) => _heard[node] = now;

    /// <summary>Nobody will ask about the node any more.</summary>
    internal void Forget(NodeId node) => _heard.TryRemove(node, out _);

    /// <summary>A view. Never changes.</summary>
    /// <param name="Members">All members but the removed ones, this node included. Empty until this node has joined.</param>
    /// <param name="Joining">Those among them that are not up yet as far as this node knows. They are pinged and asked, but granted nothing: the cluster brings a node up only when all members
    /// have seen it join, so whoever was granted something is known to every later incarnation of the granter.</param>
    /// <param name="Gone">Those that were removed within <see cref="LeaseTiming.Grace"/> without having left in order, and when this node saw it.</param>
    /// <param name="CurrentUntil">As <see cref="Fence.CurrentUntil"/>.</param>
    public sealed record View(ImmutableHashSet<NodeId> Members, ImmutableHashSet<NodeId> Joining, ImmutableDictionary<NodeId, Moment> Gone, Moment CurrentUntil)
    {
        /// <summary>When this node last answered each other. Alone in the view it goes with time.</summary>
        public IReadOnlyDictionary<NodeId, Moment> Heard { get; init; } = ImmutableDictionary<NodeId, Moment>.Empty;

        /// <summary>True where this node may grant.</summary>
        public bool IsCurrent(Moment now) => !Members.IsEmpty && !CurrentUntil.HasCome(now);

        /// <summary>True where the node may be granted something.</summary>
        public bool IsUp(NodeId node) => Members.Contains(node) && !Joining.Contains(node);

        /// <summary>
        /// One was removed, whose last status was <paramref name="last"/>. A node leaves only after its deliveries have ended, their sockets are closed and its leases are given back: one that did, and
        /// so became exiting, has nothing that a new incarnation would have to wait for. Else every step of a rolling restart would hold up the sites that it moves for the grace time.
        /// </summary>
        internal View Without(NodeId node, MemberStatus last, Moment now) => this with
        {
            Members = Members.Remove(node),
            Joining = Joining.Remove(node),
            Gone = last == MemberStatus.Exiting ? Gone : Gone.SetItem(node, now),
        };

        /// <summary>Who went within the grace time, and how long ago.</summary>
        public ImmutableArray<GoneMember> GoneSince(Moment now) =>
            [.. Gone.Where(gone => !gone.Value.Plus(LeaseTiming.Grace).HasSurelyCome(now)).Select(gone => new GoneMember(gone.Key, now.Monotonic - gone.Value.Monotonic, now.Monotonic - HeardOf(gone.Key, gone.Value).Monotonic))];

        /// <summary>One that never asked anything of this node is taken to have been heard of until it went.</summary>
        private Moment HeardOf(NodeId node, Moment removed) => Heard.TryGetValue(node, out var heard) ? heard : removed;
    }
}
