using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <content>Whether the site is down: connections that fail one after the other, on whatever nodes, open the circuit; one connection at a time tries whether it may close.</content>
internal sealed partial class SiteState
{
    /// <summary>Failures count on for so long after the circuit could be tried and nobody did.</summary>
    private static readonly TimeSpan FailuresKept = TimeSpan.FromMinutes(10);

    private int _failures;
    private TimeSpan _failedAt;
    private int _opened;
    private TimeSpan _brokenUntil;
    private NodeId? _prober;
    private TimeSpan _probeUntil;

    /// <summary>True while the circuit is open or being tried.</summary>
    public bool IsOpen => _opened > 0;

    /// <summary>How often in a row the circuit has opened.</summary>
    public int Opened => _opened;

    /// <summary>For how long they count from now.</summary>
    public TimeSpan FailuresCount(Moment at) => (_brokenUntil > at.Monotonic ? _brokenUntil - at.Monotonic : TimeSpan.Zero) + FailuresKept;

    /// <summary>What a predecessor had learned. How long it was still to wait is not known: one connection may try at once, and if it fails the wait goes on where it was.</summary>
    public void Inherit(int opened, Moment at)
    {
        _opened = Math.Max(0, opened);
        _prober = null;
        _brokenUntil = at.Monotonic;
    }

    private bool HasFailures(TimeSpan now) => (IsOpen && now < _brokenUntil + FailuresKept) || (_failures > 0 && now < _failedAt + LeaseTiming.Grace);

    private void CountFailures(Holder holder, SiteProtocol.Request request, TimeSpan now)
    {
        var reported = Math.Max(0, request.Failures);
        var before = holder.Failures;
        holder.Failures = reported;
        if (request.Succeeded)
        {
            (_opened, _prober) = (0, null);
            _failures = reported;
            _failedAt = now;
        }
        else
        {
            // A count that fell began again: a success whose report was lost, or a new pool.
            var more = reported >= before ? reported - before : reported;
            if (more == 0)
            {
                return;
            }

            _failures += more;
            _failedAt = now;
            if (IsOpen)
            {
                if (_prober == request.Node)
                {
                    Break(now);
                }

                return;     // One that began before the circuit opened says nothing new.
            }
        }

        if (_failures >= _options.BrokenAfter)
        {
            Break(now);
        }
    }

    private void Break(TimeSpan now)
    {
        var wait = _options.BrokenFirst * Math.Pow(2, Math.Min(_opened, 20));
        _opened++;
        _brokenUntil = now + (wait < _options.BrokenMax ? wait : _options.BrokenMax);
        _prober = null;
    }

    /// <summary>True where the holder is to be told so. Where it may try the one connection, false, and <paramref name="probes"/> is set.</summary>
    private bool IsBroken(Holder holder, TimeSpan now, out TimeSpan retryAfter, out bool probes)
    {
        (retryAfter, probes) = (TimeSpan.Zero, false);
        if (!IsOpen)
        {
            return false;
        }

        if (now < _brokenUntil)
        {
            retryAfter = _brokenUntil - now;
            return true;
        }

        if (_prober is { } prober && prober != holder.Node && now < _probeUntil)
        {
            retryAfter = LeaseTiming.Renewal;
            return true;
        }

        if (_prober != holder.Node)
        {
            _prober = holder.Node;
            _probeUntil = now + _options.BrokenProbe;
        }

        probes = true;
        return false;
    }
}
