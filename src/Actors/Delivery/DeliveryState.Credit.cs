namespace MailCluster.Actors.Delivery;

/// <content>How much: the domain closes when what waits on all nodes reaches the limit, and opens again at nine tenths of it.</content>
internal sealed partial class DeliveryState
{
    /// <summary>A node without mail for the domain has nothing to report, so the opening is told it several times within so long.</summary>
    private static readonly TimeSpan OpeningRepeated = TimeSpan.FromSeconds(30);

    /// <summary>A new incarnation takes it from the nodes that the domain was closed before, within so long; and does not open it sooner, since by then all that have mail will have reported.</summary>
    private static TimeSpan Inheriting => 2 * DecisionNearLimit;

    /// <summary>How long a node keeps its sessions to it that the domain is closed, without hearing of it again. Longer than it takes until a successor of a lost actor tells.</summary>
    private static readonly TimeSpan ClosedTimeToLive = TimeSpan.FromSeconds(60);

    private long _waiting;
    private TimeSpan? _openedAt;
    private TimeSpan? _began;
    private TimeSpan _opensNotBefore = TimeSpan.MinValue;

    /// <summary>True while sessions refuse recipients of the domain.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>A node reports that a predecessor has told it so.</summary>
    private void Inherit(DeliveryProtocol.Report report, TimeSpan now, List<DeliveryEffect> effects)
    {
        var began = _began ??= now;
        if (report.Closed && !IsClosed && _openedAt is null && now < began + Inheriting)
        {
            IsClosed = true;
            _opensNotBefore = began + Inheriting;
            Announce(effects);
        }
    }

    private void DecideClosed(TimeSpan now, List<DeliveryEffect> effects)
    {
        _waiting = 0;
        foreach (var reporter in _reporters)
        {
            _waiting += reporter.Waiting;
        }

        if (!IsClosed && _waiting >= queueLimit)
        {
            IsClosed = true;
            _openedAt = null;
            TellAll(now, effects);
            Announce(effects);
        }
        else if (IsClosed && now >= _opensNotBefore && _waiting <= queueLimit - (queueLimit / 10))
        {
            IsClosed = false;
            _openedAt = now;
            TellAll(now, effects);
            Announce(effects);
        }
    }

    private bool IsTellingOpening(TimeSpan now) => _openedAt is { } opened && now - opened < OpeningRepeated;

    private void Announce(List<DeliveryEffect> effects) => effects.Add(new DeliveryEffect.Announce(new(domain, IsClosed, ClosedTimeToLive)));

    /// <summary>Repeated, for it may be lost, and nodes may have joined.</summary>
    private void RepeatClosing(List<DeliveryEffect> effects)
    {
        if (IsClosed)
        {
            Announce(effects);
        }
    }

    private void RepeatOpening(TimeSpan now, List<DeliveryEffect> effects)
    {
        if (_openedAt is null)
        {
            return;
        }

        TellAll(now, effects);
        Announce(effects);
        if (!IsTellingOpening(now))
        {
            _openedAt = null;
            _reporters.RemoveAll(reporter => reporter.Waiting == 0);
        }
    }
}
