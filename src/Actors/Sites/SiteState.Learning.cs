using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <content>What the predecessor granted: a new incarnation asks all members, and waits for those that are gone to have been gone for longer than anything of theirs can last.</content>
internal sealed partial class SiteState
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly HashSet<NodeId> _asked = [];
    private readonly HashSet<NodeId> _unanswered = [];
    private TimeSpan _goneUntil;
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

        if (!IsLearning || holding.Epoch < _epoch || !_unanswered.Remove(holding.Node))
        {
            return;
        }

        if (holding.Connections > 0)
        {
            if (!_holders.TryGetValue(holding.Node, out var holder))
            {
                _holders[holding.Node] = holder = new Holder(holding.Node);
            }

            holder.Claim(holding.Connections, now + holding.Remaining + LeaseTiming.Drift, now);
        }

        foreach (var gone in holding.Gone)
        {
            WaitForGone(now - gone.Ago);
        }

        ProceedLearning(view, at, effects);
        Offer(view, at, effects);       // Whoever asked meanwhile was told to wait a second: a first mail would wait for nothing else.
    }

    private void Learn(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        IsLearning = true;
        _asked.Clear();
        _unanswered.Clear();
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

        foreach (var (_, since) in view.Gone)
        {
            WaitForGone(since.Monotonic);
        }

        // One that went before it answered is waited for as gone.
        _unanswered.RemoveWhere(node => !view.Members.Contains(node));
        IsLearning = view.Members.IsEmpty || _unanswered.Count > 0 || now < _goneUntil;
    }

    private void WaitForGone(TimeSpan since)
    {
        var until = since + LeaseTiming.Grace;
        _goneUntil = until > _goneUntil ? until : _goneUntil;
    }

    private void AskAgain(Moment at, List<SiteEffect> effects)
    {
        if (!IsLearning || at.Monotonic - _askedAt < AskInterval)
        {
            return;
        }

        _askedAt = at.Monotonic;
        foreach (var node in _unanswered)
        {
            effects.Add(new SiteEffect.Ask(node, new SiteProtocol.WhatIsHeld(_site, _epoch)));
        }
    }
}
