namespace MailCluster.Actors.Sessions;

/// <summary>
/// The node's open connections. Once a second it looks for those whose time is over: one timer for all, so that a read arms none, and a deadline is met
/// within a second.
/// </summary>
internal sealed class OpenConnections : IDisposable
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly HashSet<SmtpConnection> _all = [];
    private readonly List<SmtpConnection> _due = [];
    private TaskCompletionSource? _empty;
    private int _serving;

    public OpenConnections(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static table => ((OpenConnections)table!).Tick(), this, s_tick, s_tick);
    }

    /// <summary>Connections that are not closed.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _all.Count;
            }
        }
    }

    public void Add(SmtpConnection connection)
    {
        lock (_lock)
        {
            _serving++;
            _all.Add(connection);
        }
    }

    /// <summary>The session is over; the connection stays until its last octets are sent.</summary>
    public void EndServing()
    {
        lock (_lock)
        {
            if (--_serving == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }

    public void Remove(SmtpConnection connection)
    {
        lock (_lock)
        {
            _all.Remove(connection);
        }
    }

    /// <summary>Ends when no session is under way.</summary>
    public Task WhenEmpty()
    {
        lock (_lock)
        {
            if (_serving == 0)
            {
                return Task.CompletedTask;
            }
            _empty ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    /// <summary>Wakes all that wait, to look at what has changed.</summary>
    public void InterruptAll()
    {
        SmtpConnection[] all;
        lock (_lock)
        {
            all = [.. _all];
        }
        foreach (var connection in all)
        {
            connection.Interrupt();
        }
    }

    public void Dispose() => _timer.Dispose();

    // Outside the lock: a connection that wakes may remove itself.
    private void Tick()
    {
        if (!Monitor.TryEnter(_due))
        {
            return;
        }
        try
        {
            var now = _time.GetTimestamp();
            lock (_lock)
            {
                foreach (var connection in _all)
                {
                    if (connection.IsDue(now))
                    {
                        _due.Add(connection);
                    }
                }
            }
            foreach (var connection in _due)
            {
                try
                {
                    connection.OnDue();
                }
                catch (ObjectDisposedException)
                {
                    // It ended just now.
                }
            }
            _due.Clear();
        }
        finally
        {
            Monitor.Exit(_due);
        }
    }
}
