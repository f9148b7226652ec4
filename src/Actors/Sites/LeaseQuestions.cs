namespace MailCluster.Actors.Sites;

/// <summary>
/// The places for questions to site actors that this node may have unanswered, for pools without a lease: where the actors do not answer, a hundred thousand pools would else ask and ask again.
/// Renewals need no place: there are no more of them than connections. One without a place stands in line and is told when it has one.
/// </summary>
/// <remarks>Safe from any thread, as <see cref="ConnectionBudget"/>.</remarks>
/// <param name="limit">Questions at a time, at least 1.</param>
public sealed class LeaseQuestions(int limit = LeaseQuestions.Usual)
{
    /// <summary>A node's.</summary>
    public const int Usual = 5000;

    private readonly Lock _gate = new();
    private readonly HashSet<SiteKey> _asking = [];
    private readonly Queue<SiteKey> _line = new();
    private readonly HashSet<SiteKey> _waiting = [];
    private volatile bool _isShort;

    /// <summary>Whom <see cref="SitePoolProtocol.MayAsk"/> reaches. Called under the lock: it may only post.</summary>
    public Action<SitePoolProtocol.IForPool>? Listener { get; set; }

    /// <summary>True while somebody stands in line.</summary>
    public bool IsShort => _isShort;

    /// <summary>Questions without an answer.</summary>
    public int Asking
    {
        get
        {
            lock (_gate)
            {
                return _asking.Count;
            }
        }
    }

    /// <summary>Takes a place. False where there is none: the site stands in line then.</summary>
    public bool TryBegin(SiteKey site)
    {
        lock (_gate)
        {
            if (_asking.Contains(site))
            {
                return true;
            }

            if (_asking.Count < limit)
            {
                _asking.Add(site);
                return true;
            }

            if (_waiting.Add(site))
            {
                _line.Enqueue(site);
                _isShort = true;
            }

            return false;
        }
    }

    /// <summary>Answered, or not wanted any more: the place, or the stand in line, is given up.</summary>
    public void End(SiteKey site)
    {
        lock (_gate)
        {
            _waiting.Remove(site);
            if (_asking.Remove(site))
            {
                Offer();
            }

            _isShort = _waiting.Count > 0;
        }
    }

    private void Offer()
    {
        while (_asking.Count < limit && _line.TryDequeue(out var next))
        {
            if (_waiting.Remove(next))
            {
                _asking.Add(next);
                Listener?.Invoke(new SitePoolProtocol.MayAsk(next));
            }
        }
    }
}
