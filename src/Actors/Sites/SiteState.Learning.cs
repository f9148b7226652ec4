using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <content>What the predecessor granted: a new incarnation asks all members, and waits for those that are gone to have been gone for longer than anything of theirs can last.</content>
/// <remarks>
/// Meanwhile nodes may go on with what they had (<see cref="Continued"/>), so that the death of a node does not stop the mail to the sites whose actors it had. Why that adds nothing: a gone
/// granter granted only while it was current, which takes an answer of a member that is asked here, and so ended with <see cref="Departure.GrantsEnded"/>. A lease of its own that was not yet over
/// then it counted to the last, so that all such leases and whatever else it granted fit the limit together. Each node gets back what it had of those, and nobody gets more.
/// </remarks>
internal sealed partial class SiteState
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly HashSet<NodeId> _asked = [];
    private readonly HashSet<NodeId> _unanswered = [];
    private readonly Dictionary<NodeId, Departure> _departures = [];
    private TimeSpan _learnsSince;
    private TimeSpan _askedAt;

    /// <summary>True while it does not know yet what its predecessor granted.</summary>
    public bool IsLearning { get; private set; }

    /// <summary>A member says what it holds.</summary>
    public void On(SiteProtocol.Holding holding, Membership.View view, Moment at, List<SiteEffect> effects)
    {
        var now = at.Monotonic;
        if (holding.Epoch > _epoch)
        {
            BeginAnew(holding.Epoch, view, at, effects);
            return;
        }

        if (!IsLearning || holding.Epoch < _epoch || !_asked.Contains(holding.Node))
        {
            return;
        }

        if (_unanswered.Remove(holding.Node) && holding.Lease is { Connections: > 0 } lease)
        {
            if (!_holders.TryGetValue(holding.Node, out var holder))
            {
                _holders[holding.Node] = holder = new Holder(holding.Node);
            }

            if (lease.Remaining > TimeSpan.Zero)
            {
                holder.Claim(lease.Connections, now + lease.Remaining + LeaseTiming.Drift, now);
            }

            // When it ends or ended, at the earliest: as if the answer had been given when the question was asked.
            holder.Had = new(lease.Connections, _learnsSince + lease.Remaining, lease.Granter);
        }

        foreach (var gone in holding.Gone)
        {
            DepartureOf(gone.Node).Confirm(holding.Node, now - gone.Ago, now - gone.Unheard);
        }

        ProceedLearning(view, at, effects);
        Offer(view, at, effects);       // Whoever asked meanwhile was told to wait a second: a first mail would wait for nothing else.
    }

    private void Learn(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        IsLearning = true;
        _learnsSince = at.Monotonic;
        _asked.Clear();
        _unanswered.Clear();
        _departures.Clear();
        foreach (var holder in _holders.Values)
        {
            holder.Had = default;
        }

        ProceedLearning(view, at, effects);
    }

    /// <summary>Becomes a newer incarnation than the one heard of, and starts over.</summary>
    private void BeginAnew(Epoch heardOf, Membership.View view, Moment at, List<SiteEffect> effects)
    {
        _epoch = new Epoch(heardOf.Number + 1, _epoch.Node);
        Learn(view, at, effects);
    }

    private void ProceedLearning(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        if (!IsLearning)
        {
            return;
        }

        var now = at.Monotonic;
        foreach (var node in view.Members)
        {
            if (_asked.Add(node))
            {
                _unanswered.Add(node);
                _askedAt = now;
                effects.Add(new SiteEffect.Ask(node, new SiteProtocol.WhatIsHeld(_site, _epoch)));
            }
        }

        foreach (var (node, since) in view.Gone)
        {
            DepartureOf(node).SeenGone(since.Monotonic);
        }

        // One that went before it answered is waited for as gone.
        _unanswered.RemoveWhere(node => !view.Members.Contains(node));
        IsLearning = view.Members.IsEmpty || _unanswered.Count > 0 || _departures.Values.Any(departure => now < departure.Ends(view));
    }

    private Departure DepartureOf(NodeId node)
    {
        if (!_departures.TryGetValue(node, out var departure))
        {
            _departures[node] = departure = new();
        }

        return departure;
    }

    /// <summary>While learning: how much of what it had from a granter that is gone a node may go on with.</summary>
    private int Continued(Holder holder, Membership.View view, TimeSpan now)
    {
        // What one had while it was configured to a higher limit than is in force now, the predecessor may have been taking back (found by simulation).
        var limit = LimitNow(now);
        if (ContinuedAtMost(holder, view, now) is not (> 0 and var had) || holder.Limit > limit)
        {
            return 0;
        }

        var others = 0;
        foreach (var other in _holders.Values)
        {
            others += other == holder ? 0 : Math.Max(other.CountedAt(now), ContinuedAtMost(other, view, now));
        }

        return Math.Min(Math.Min(holder.Demand, had), limit - others);
    }

    private int ContinuedAtMost(Holder holder, Membership.View view, TimeSpan now)
    {
        if (holder.Had is not { Connections: > 0 } had || _unanswered.Count > 0 || view.Members.IsEmpty)
        {
            return 0;
        }

        foreach (var (node, departure) in _departures)
        {
            // All members must know that it is gone: one that did not yet could still answer it.
            if (node.Incarnation == had.Granter)
            {
                return departure.IsKnownTo(view) && now >= departure.GrantsEnded && had.Ends >= departure.GrantsEnded ? had.Connections : 0;
            }
        }

        return 0;
    }

    private void AskAgain(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        if (!IsLearning || at.Monotonic - _askedAt < AskInterval)
        {
            return;
        }

        _askedAt = at.Monotonic;
        foreach (var node in _asked)
        {
            if (view.Members.Contains(node) && (_unanswered.Contains(node) || _departures.Values.Any(departure => !departure.IsKnownTo(node))))
            {
                effects.Add(new SiteEffect.Ask(node, new SiteProtocol.WhatIsHeld(_site, _epoch)));
            }
        }
    }

    /// <summary>What a node had when its granter went.</summary>
    private readonly record struct Past(int Connections, TimeSpan Ends, int Granter);

    /// <summary>A node that is gone, as told by the members. Its times are those of this node's clock.</summary>
    private sealed class Departure
    {
        private readonly HashSet<NodeId> _knownTo = [];
        private TimeSpan _removed = TimeSpan.MinValue;
        private TimeSpan _heard = TimeSpan.MinValue;

        /// <summary>Since when it cannot have granted anything, where all members know that it is gone.</summary>
        public TimeSpan GrantsEnded => _heard + LeaseTiming.Fence + LeaseTiming.Drift;

        /// <summary>This node saw it go.</summary>
        public void SeenGone(TimeSpan at) => _removed = at > _removed ? at : _removed;

        /// <summary>A member saw it go, and answered it for the last time before.</summary>
        public void Confirm(NodeId by, TimeSpan removed, TimeSpan heard)
        {
            SeenGone(removed);
            _heard = heard > _heard ? heard : _heard;
            _knownTo.Add(by);
        }

        public bool IsKnownTo(NodeId node) => _knownTo.Contains(node);

        public bool IsKnownTo(Membership.View view) => view.Members.All(_knownTo.Contains);

        /// <summary>When nothing of it can be in force any more: so long after all members ceased to answer it, or else after it was removed.</summary>
        public TimeSpan Ends(Membership.View view) => (_heard < _removed && IsKnownTo(view) ? _heard : _removed) + LeaseTiming.Grace;
    }
}
