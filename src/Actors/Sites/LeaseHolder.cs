using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>
/// The node's end of the lease protocol for one site: when to ask, what an answer is worth, how many connections may be open. Pure: each call is given the time.
/// Invariants: a lease is never used past its time-to-live counted from the sending of the request that it answers; an answer to an older request than the newest answered, or of an older
/// incarnation than the newest heard of, changes nothing.
/// </summary>
/// <param name="site">The site.</param>
/// <param name="node">This node.</param>
/// <param name="limit">Connections that this node's configuration allows to the site in the whole cluster.</param>
/// <param name="numbers">Where its requests are numbered.</param>
/// <param name="holdings">Where this node's leases are published for new incarnations of site actors; an answer of an older one than has asked there is ignored.</param>
public sealed class LeaseHolder(SiteKey site, NodeId node, int limit, RequestNumbers numbers, LeaseHoldings? holdings = null)
{
    /// <summary>A demand that has grown is told at once, but not more often than this.</summary>
    public static readonly TimeSpan Hurry = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(1);

    private readonly Queue<(long Number, Moment Sent, long Successes)> _unanswered = new();
    private long _number;
    private long _answered;
    private long _heard;
    private Epoch _heardFrom;
    private Epoch _epoch;
    private int _granted;
    private Moment _grantedFrom;
    private TimeSpan _timeToLive;
    private Moment _sent;
    private int _sentDemand;
    private int _sentHeld;
    private int _repeats;
    private bool _awaiting;
    private Moment _heldFrom;
    private TimeSpan _heldFor;
    private bool _offered;
    private bool _returns;
    private int _failures;
    private long _successes;
    private long _successesTold;

    /// <summary>Why nothing was granted, by the last answer; null where something was.</summary>
    public SiteProtocol.HeldReason? Held { get; private set; }

    /// <summary>The newest incarnation of the site's actor heard of.</summary>
    public Epoch Epoch => _epoch;

    /// <summary>Connections that may be open now.</summary>
    public int Allowed(Moment now) => _granted > 0 && now.Since(_grantedFrom) < _timeToLive ? _granted : 0;

    /// <summary>How often the question was repeated that waits for an answer; 0 where none does.</summary>
    public int Repeats => _awaiting ? _repeats : 0;

    /// <summary>True while a question waits for an answer.</summary>
    public bool IsAsking => _awaiting;

    /// <summary>True where <see cref="Poll"/> would ask now.</summary>
    public bool WouldAsk(Moment now, int held, int demand) => Math.Max(demand, held) is > 0 and var wanted && (HasMadeRoom(now, held) || WaitsFor(now, held, wanted) <= TimeSpan.Zero);

    /// <summary>A connection has failed before the reply to EHLO.</summary>
    public void ConnectionFailed() => _failures++;

    /// <summary>A connection has got through.</summary>
    public void ConnectionSucceeded()
    {
        _failures = 0;
        _successes++;
    }

    /// <summary>The request that is to be sent now; null where it is not time. Call it whenever connections or demand have changed, an answer has come, or <see cref="NextEvent"/> is reached.</summary>
    /// <param name="now">The time, from which the lease will run.</param>
    /// <param name="held">Connections open, those being closed included.</param>
    /// <param name="demand">Connections that would be of use, those open included.</param>
    public SiteProtocol.Request? Poll(Moment now, int held, int demand)
    {
        demand = Math.Max(demand, held);
        if (demand == 0)
        {
            return _sentDemand > 0 ? Send(now, 0, 0) : null;        // the lease is given back, or a demand that was told withdrawn
        }
        return WouldAsk(now, held, demand) ? Send(now, held, demand) : null;
    }

    /// <summary>The slots that were taken away are free now: tell.</summary>
    private bool HasMadeRoom(Moment now, int held) => !_awaiting && Allowed(now) is var allowed && _sentHeld > allowed && held <= allowed;

    /// <summary>How long from now until <see cref="Poll"/> may have something to send, or the lease runs out; null where neither will be.</summary>
    public TimeSpan? NextEvent(Moment now, int held, int demand)
    {
        demand = Math.Max(demand, held);
        if (demand == 0)
        {
            return _sentDemand > 0 ? TimeSpan.Zero : null;      // a demand that was told is to be withdrawn
        }
        var next = WaitsFor(now, held, demand);
        if (Allowed(now) > 0 && _timeToLive - now.Since(_grantedFrom) is var left && left < next)
        {
            next = left;
        }
        return next > TimeSpan.Zero ? next : TimeSpan.Zero;
    }

    private TimeSpan WaitsFor(Moment now, int held, int demand)
    {
        if (_number == 0 || _sentDemand == 0)
        {
            return TimeSpan.Zero;
        }
        var since = now.Since(_sent);
        if (_offered || (_returns && held == 0))
        {
            return TimeSpan.Zero;       // what was taken away is free for others when the actor hears that its last connection has closed
        }
        if (_awaiting)
        {
            return TimeSpan.FromTicks(Math.Min(FirstRepeat.Ticks << Math.Min(_repeats, 3), LeaseTiming.Renewal.Ticks)) - since;
        }
        if (Held is not null)
        {
            var left = _heldFor - now.Since(_heldFrom);
            // A lease that still runs is renewed in its time, whatever the actor asked us to wait for.
            return Allowed(now) > 0 && LeaseTiming.Renewal - since < left ? LeaseTiming.Renewal - since : left;
        }
        return demand > _sentDemand && _granted >= _sentDemand ? Hurry - since : LeaseTiming.Renewal - since;
    }

    private SiteProtocol.Request Send(Moment now, int held, int demand)
    {
        _repeats = _awaiting ? _repeats + 1 : 0;
        _awaiting = demand > 0;
        _offered = false;
        _returns &= held > 0;
        _sent = now;
        _sentDemand = demand;
        _sentHeld = held;
        _number = numbers.Next();
        if (demand == 0)
        {
            if (Allowed(now) > 0)
            {
                holdings?.Hold(site, _epoch, 0, default);       // What has run out is not given back: where its granter is gone, the node may go on with it when there is mail again.
            }
            _granted = 0;
            _answered = _number;        // what answers an earlier request grants what has been given back
            _unanswered.Clear();
            Held = null;
        }
        else
        {
            _unanswered.Enqueue((_number, now, _successes));
            if (_unanswered.Count > 16)
            {
                _unanswered.Dequeue();
            }
        }
        return new(site, node, _number, _epoch, held, demand, limit, _failures, _successes > _successesTold, _heardFrom == _epoch ? _heard : 0);
    }

    /// <summary>Connections have been granted. False where the answer is an old one and changes nothing.</summary>
    public bool On(SiteProtocol.Granted granted)
    {
        if (!Accept(granted.Number, granted.Epoch, granted, out var sent))
        {
            return false;
        }
        (_heard, _heardFrom) = (granted.Number, granted.Epoch);
        _granted = granted.Connections;
        _grantedFrom = sent;
        _timeToLive = granted.TimeToLive;
        Held = null;
        return true;
    }

    /// <summary>Nothing has been granted. False where the answer is an old one and changes nothing.</summary>
    public bool On(SiteProtocol.Held held, Moment now)
    {
        if (!Accept(held.Number, held.Epoch, null, out _))
        {
            return false;
        }
        Held = held.Reason;
        _heldFrom = now;
        _heldFor = held.RetryAfter > Hurry ? held.RetryAfter : Hurry;
        if (held.Reason != SiteProtocol.HeldReason.Unready)
        {
            (_heard, _heardFrom) = (held.Number, held.Epoch);
            holdings?.Hold(site, held.Epoch, 0, default);
            _returns |= _granted > 0;
            _granted = 0;       // an actor that does not know yet takes nothing away: what its predecessor granted runs out by itself
        }
        return true;
    }

    /// <summary>A slot is free. It is asked for with the next <see cref="Poll"/> that has a demand.</summary>
    public void On(SiteProtocol.Offered offered)
    {
        if (offered.Epoch >= _epoch)
        {
            _epoch = offered.Epoch;
            _offered = true;
        }
    }

    private bool Accept(long number, Epoch epoch, SiteProtocol.Granted? granted, out Moment sent)
    {
        sent = default;
        if (number <= _answered || epoch < _epoch)
        {
            return false;
        }
        while (_unanswered.TryPeek(out var first) && first.Number <= number)
        {
            _unanswered.Dequeue();
            if (first.Number == number)
            {
                sent = first.Sent;
                if (granted is not null
                    && holdings?.Hold(site, epoch, granted.Connections, sent.Plus(granted.TimeToLive)) is { } newest && newest > epoch)
                {
                    _epoch = newest;        // a newer incarnation counts on what was held when it asked; the actor hears of it with the next request
                    return false;
                }
                _successesTold = first.Successes;
                _answered = number;
                _epoch = epoch;
                if (number == _number)
                {
                    _awaiting = false;
                    _repeats = 0;
                }
                return true;
            }
        }
        return false;
    }
}
