namespace MailCluster.Actors.Delivery;

/// <content>How much: the domain closes when what waits on all nodes reaches the limit, and opens again at nine tenths of it.</content>
internal sealed partial class DeliveryState
{
    /// <summary>A node without mail for the domain has nothing to report, so the opening is told it several times within so long.</summary>
    private static readonly TimeSpan OpeningRepeated = TimeSpan.FromSeconds(30);

    private long _waiting;
    private TimeSpan? _openedAt;

    /// <summary>True while sessions refuse recipients of the domain.</summary>
    public bool IsClosed { get; private set; }

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
        }
        else if (IsClosed && _waiting <= queueLimit - (queueLimit / 10))
        {
            IsClosed = false;
            _openedAt = now;
            TellAll(now, effects);
        }
    }

    private bool IsTellingOpening(TimeSpan now) => _openedAt is { } opened && now - opened < OpeningRepeated;

    private void RepeatOpening(TimeSpan now, List<DeliveryEffect> effects)
    {
        if (_openedAt is null)
        {
            return;
        }

        TellAll(now, effects);
        if (!IsTellingOpening(now))
        {
            _openedAt = null;
            _reporters.RemoveAll(reporter => reporter.Waiting == 0);
        }
    }
}
