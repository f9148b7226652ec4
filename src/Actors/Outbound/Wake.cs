using System.Threading.Tasks.Sources;

namespace MailCluster.Actors.Outbound;

/// <summary>
/// What a connection's loop waits on: something came, whatever it was. Any thread may signal, one waits; signals that come together are one. Reused for the connection's whole life, so
/// waiting allocates nothing, and the waiter runs on the signalling thread: a job's way from the mailbox to the socket is no further hop.
/// </summary>
internal sealed class Wake : IValueTaskSource
{
    private const int Quiet = 0, Signalled = 1, Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Completes at the next signal, or at once where one came since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Quiet, Signalled) == Signalled)
        {
            return default;
        }
        _source.Reset();
        var wait = new ValueTask(this, _source.Version);
        if (Interlocked.CompareExchange(ref _state, Waiting, Quiet) == Quiet)
        {
            return wait;
        }
        Volatile.Write(ref _state, Quiet);
        return default;
    }

    /// <summary>Wakes the loop. May be called from any thread.</summary>
    public void Signal()
    {
        for (; ; )
        {
            switch (Volatile.Read(ref _state))
            {
                case Signalled:
                    return;
                case Quiet when Interlocked.CompareExchange(ref _state, Signalled, Quiet) == Quiet:
                    return;
                case Waiting when Interlocked.CompareExchange(ref _state, Quiet, Waiting) == Waiting:
                    _source.SetResult(true);
                    return;
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
