using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Sites;

/// <summary>
/// What a site's pool decides: which domain's job goes next (its domains in turn), when to take more jobs from the queue, when to open, feed and close connections, and when to ask for a lease.
/// Every input takes the time and ends in <see cref="Evaluate"/>. Invariants: a job that came from the queue goes back to it exactly once; jobs held and allowed are at most <c>MaxReady</c>;
/// a connection is opened only while fewer are open than the lease allows, and out of the node's budget.
/// </summary>
/// <param name="site">The site.</param>
/// <param name="node">This node.</param>
/// <param name="options">How mail leaves.</param>
/// <param name="numbers">Where lease requests are numbered.</param>
/// <param name="holdings">Where this node's leases are published.</param>
/// <param name="budget">This node's outbound connections.</param>
/// <param name="questions">This node's questions to site actors.</param>
internal sealed partial class SitePoolState(SiteKey site, NodeId node, DeliveryOptions options, RequestNumbers numbers, LeaseHoldings holdings, ConnectionBudget budget, LeaseQuestions questions)
{
    private readonly LeaseHolder _lease = new(site, node, options.ConnectionsPerSite, numbers, holdings);
    private readonly Dictionary<DomainName, SitePoolDomain> _domains = [];
    private readonly Queue<SitePoolDomain> _turns = new();
    private readonly Queue<SitePoolDomain> _hungry = new();
    private TimeSpan _idleTimeout = options.IdleTimeout;
    private int _ready;
    private int _outstanding;
    private int _allowance;
    private int _stillDue;

    /// <summary>True where nothing holds the pool: no mail, no allowance, no connection.</summary>
    public bool IsEmpty => _domains.Count == 0 && _connections.Count == 0;

    /// <summary>Domains known.</summary>
    public IReadOnlyCollection<SitePoolDomain> Domains => _domains.Values;

    /// <summary>Jobs that no connection has.</summary>
    public int Ready => _ready;

    /// <summary>When <see cref="Elapse"/> is to be called next, from now; null where nothing is planned.</summary>
    public TimeSpan? NextEvent(Moment now)
    {
        // In line for a question only the end of a lease counts, and there is none: we are told when there is a place.
        var lease = _standsInLine ? null : _lease.NextEvent(now, _connections.Count, Demand(now));
        if (_keepsRoom && RoomKept - now.Since(_keptSince) is var kept && (lease is null || kept < lease))
        {
            lease = kept;
        }
        var idle = _idle.Count > 0 ? _idleTimeout - now.Since(_idle[0].IdleSince) : (TimeSpan?)null;
        return lease is null || idle < lease ? idle : lease;
    }

    /// <summary>A queue has due jobs for a domain, or has none to give any more.</summary>
    public void On(SitePoolProtocol.Waiting waiting, int queue, Moment now, SitePoolEffects effects)
    {
        if (waiting.Jobs > 0 || _domains.ContainsKey(waiting.Domain))
        {
            var domain = DomainOf(waiting.Domain);
            if (waiting.Turn >= domain.Turn)
            {
                domain.Turn = waiting.Turn;
                domain.Queue = queue;
                domain.Route = waiting.Route;
                SetStillDue(domain, waiting.Jobs);
                if (waiting.Jobs == 0)
                {
                    GiveBackReady(domain, effects);
                    CloseWhereAhead(domain, effects);
                }
            }
            RemoveIfDone(domain);
        }
        Evaluate(now, effects);
    }

    /// <summary>Jobs came.</summary>
    public void On(SitePoolProtocol.Ready ready, int queue, Moment now, SitePoolEffects effects)
    {
        var domain = DomainOf(ready.Domain);
        domain.Queue = queue;
        domain.Withdrawing = false;
        var used = Math.Min(domain.Allowance, ready.Jobs.Count + ready.Returned);
        domain.Allowance -= used;
        _allowance -= used;
        foreach (var job in ready.Jobs)
        {
            domain.Ready.Enqueue(job);
        }
        _ready += ready.Jobs.Count;
        if (ready.Turn >= domain.Turn)
        {
            domain.Turn = ready.Turn;
            domain.Route = ready.Route ?? domain.Route;
            SetStillDue(domain, ready.StillDue);
        }
        StandInLine(domain);
        RemoveIfDone(domain);
        Evaluate(now, effects);
    }

    /// <summary>The queue wants a job back.</summary>
    public void On(SitePoolProtocol.Recall recall, Moment now, SitePoolEffects effects)
    {
        if (_domains.TryGetValue(recall.Job.Domain, out var domain))
        {
            for (var i = domain.Ready.Count; i > 0; i--)
            {
                var job = domain.Ready.Dequeue();
                if (ReferenceEquals(job, recall.Job))
                {
                    _ready--;
                    effects.Ended.Add((domain.Queue, Untouched(job)));
                }
                else
                {
                    domain.Ready.Enqueue(job);
                }
            }
            RemoveIfDone(domain);
        }
        Evaluate(now, effects);
    }

    /// <summary>The site's actor has granted.</summary>
    public void On(SiteProtocol.Granted granted, Moment now, SitePoolEffects effects)
    {
        _lease.On(granted);
        Evaluate(now, effects);
    }

    /// <summary>The site's actor has nothing for us now.</summary>
    public void On(SiteProtocol.Held held, Moment now, SitePoolEffects effects)
    {
        _lease.On(held, now);
        Evaluate(now, effects);
    }

    /// <summary>The site's actor has a slot to ask for.</summary>
    public void On(SiteProtocol.Offered offered, Moment now, SitePoolEffects effects)
    {
        _lease.On(offered);
        Evaluate(now, effects);
    }

    /// <summary>The node is stopping: a connection without work is closed at once.</summary>
    public void Drain(Moment now, SitePoolEffects effects)
    {
        _idleTimeout = TimeSpan.Zero;
        Evaluate(now, effects);
    }

    /// <summary>Time has passed.</summary>
    public void Elapse(Moment now, SitePoolEffects effects) => Evaluate(now, effects);

    /// <summary>The pool ends: every job goes back. Those that a connection had may have been delivered; they count as an attempt that failed for now.</summary>
    public void End(DeliveryFailure failure, SitePoolEffects effects)
    {
        foreach (var connection in _connections.Values)
        {
            foreach (var job in connection.Jobs)
            {
                effects.Ended.Add((_domains[job.Domain].Queue, new(job, null, [], failure)));
            }
        }
        foreach (var domain in _domains.Values)
        {
            GiveBackReady(domain, effects);
        }
    }

    private void Evaluate(Moment now, SitePoolEffects effects)
    {
        CloseWhatIsTooMuch(now, effects);
        TakeMore(effects);
        Feed(now, effects);
        LetRoomGo(now);
        Ask(now, effects);
        if (_connections.Count == 0 && _ready == 0 && _stillDue == 0 && _allowance > 0)
        {
            Withdraw(effects);
        }
    }

    /// <summary>Connections that would be of use now. None where the node has had none for us for a while: then others shall have the lease.</summary>
    private int Demand(Moment now) => _waitsForRoom && _connections.Count == 0 && now.Since(_waitsSince) >= LeaseTiming.Turn
        ? 0
        : Math.Min(options.ConnectionsPerSite, _ready + _outstanding + _stillDue);

    /// <summary>Lets the queues hand over more, each hungry domain in its turn, as far as there is room; in portions, so that a busy domain costs a message a portion.</summary>
    private void TakeMore(SitePoolEffects effects)
    {
        var room = options.MaxReady - _ready - _outstanding - _allowance;
        var starving = _ready <= _connections.Count;
        if (_hungry.Count == 0 || room < Math.Max(1, options.MaxReady / 8) && !starving)
        {
            return;
        }
        var share = Math.Max(1, options.MaxReady / Math.Max(1, _domains.Count));
        while (room > 0 && _hungry.TryDequeue(out var domain))
        {
            domain.Hungry = false;
            if (domain.StillDue == 0 || domain.Allowance > 0)
            {
                continue;
            }
            var jobs = Math.Min(room, share);
            domain.Allowance += jobs;
            _allowance += jobs;
            room -= jobs;
            effects.Wants.Add((domain.Queue, new(site, domain.Domain, jobs)));
        }
        if (_hungry.Count > 0 && starving && _allowance > 0)
        {
            Withdraw(effects);
        }
    }

    /// <summary>Takes back what idle domains leave unused: others starve, or the pool is about to end.</summary>
    private void Withdraw(SitePoolEffects effects)
    {
        foreach (var domain in _domains.Values)
        {
            if (domain is { Allowance: > 0, StillDue: 0, Withdrawing: false })
            {
                domain.Withdrawing = true;
                effects.Wants.Add((domain.Queue, new(site, domain.Domain, 0)));
            }
        }
    }

    private SitePoolDomain DomainOf(DomainName name)
    {
        if (!_domains.TryGetValue(name, out var domain))
        {
            _domains.Add(name, domain = new(name));
        }
        return domain;
    }

    private void RemoveIfDone(SitePoolDomain domain)
    {
        if (domain.IsDone)
        {
            _domains.Remove(domain.Domain);
        }
    }

    private void SetStillDue(SitePoolDomain domain, int stillDue)
    {
        _stillDue += stillDue - domain.StillDue;
        domain.StillDue = stillDue;
        if (stillDue > 0 && !domain.Hungry)
        {
            domain.Hungry = true;
            _hungry.Enqueue(domain);
        }
    }

    private void StandInLine(SitePoolDomain domain)
    {
        if (domain.Ready.Count > 0 && !domain.InTurn)
        {
            domain.InTurn = true;
            _turns.Enqueue(domain);
        }
    }

    /// <summary>The domain whose turn it is; null where no job is ready.</summary>
    private SitePoolDomain? Next()
    {
        while (_turns.TryPeek(out var domain))
        {
            if (domain.Ready.Count > 0)
            {
                return domain;
            }
            _turns.Dequeue().InTurn = false;
        }
        return null;
    }

    /// <summary>Takes the next job: the oldest of the domain whose turn it is, which then stands behind the others.</summary>
    private DeliveryJob? TakeNext()
    {
        if (Next() is not { } domain)
        {
            return null;
        }
        _turns.Dequeue().InTurn = false;
        var job = domain.Ready.Dequeue();
        _ready--;
        domain.Outstanding++;
        _outstanding++;
        StandInLine(domain);
        return job;
    }

    private void GiveBackReady(SitePoolDomain domain, SitePoolEffects effects)
    {
        _ready -= domain.Ready.Count;
        // The queue puts each in front of what it has: the youngest first keeps their order.
        foreach (var job in domain.Ready.Reverse())
        {
            effects.Ended.Add((domain.Queue, Untouched(job)));
        }
        domain.Ready.Clear();
    }

    private static JobEnded Untouched(DeliveryJob job) => new(job, null, [], null);
}
