namespace MailCluster.Actors.Outbound;

/// <summary>
/// The one timer of a connection. Arming it anew is cheap: the timer is only set when the new end comes before the moment it would ring anyway; where it rings too early, it is set
/// again for the rest. So thousands of messages a second with waits of minutes touch the system's timer a few times an hour.
/// </summary>
internal sealed class Deadline : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action _expired;
    private readonly ITimer _timer;
    private long _due = long.MaxValue;
    private long _rings = long.MaxValue;

    /// <param name="time">The clock.</param>
    /// <param name="expired">Called on a timer thread, once for each arming that is not replaced in time.</param>
    public Deadline(TimeProvider time, Action expired)
    {
        _time = time;
        _expired = expired;
        _timer = time.CreateTimer(static state => ((Deadline)state!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets or replaces the end of the wait.</summary>
    public void Arm(TimeSpan wait)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            _due = now + (long)(wait.TotalSeconds * _time.TimestampFrequency);
            if (_due < _rings)
            {
                Set(now);
            }
        }
    }

    /// <summary>No wait runs.</summary>
    public void Disarm()
    {
        lock (_gate)
        {
            _due = long.MaxValue;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        lock (_gate)
        {
            _rings = long.MaxValue;
            if (_due == long.MaxValue)
            {
                return;
            }
            var now = _time.GetTimestamp();
            if (now < _due)
            {
                Set(now);
                return;
            }
            _due = long.MaxValue;
        }
        _expired();
    }

    private void Set(long now)
    {
        _rings = _due;
        // Rounded up to whole milliseconds, the timer's grain: else it would ring a little early, again and again.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(_time.GetElapsedTime(now, _due).TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }
}
