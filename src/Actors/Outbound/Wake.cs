using System.Threading.Tasks.Sources;

namespace MailCluster.Actors.Outbound;

/// <summary>
/// What a connection's loop waits on: something came, whatever it was. Any thread may signal, one waits; signals that come together are one. Reused for the connection's whole life, so
/// waiting allocates nothing, and the waiter runs on the signalling thread: a job's way from the mailbox to the socket is no further hop.
/// </summary>
/// <remarks>
/// All state is one slot that changes by single atomic steps: empty, signalled, or the waiter's continuation. (The framework's reusable core takes two steps to complete, and a waiter that
/// sees the first one and goes on to wait again would be met by the second.)
/// </remarks>
internal sealed class Wake : IValueTaskSource
{
    private static readonly Action<object?> _signalled = static _ => { };

    private Action<object?>? _slot;
    private object? _continuationState;

    /// <summary>Completes at the next signal, or at once where one came since the last wait.</summary>
    public ValueTask WaitAsync() => TryTakeSignal() ? default : new(this, 0);

    /// <summary>Wakes the loop. May be called from any thread.</summary>
    public void Signal()
    {
        for (; ; )
        {
            var slot = Volatile.Read(ref _slot);
            if (ReferenceEquals(slot, _signalled))
            {
                return;
            }
            if (slot is null)
            {
                if (Interlocked.CompareExchange(ref _slot, _signalled, null) is null)
                {
                    return;
                }
            }
            else if (ReferenceEquals(Interlocked.CompareExchange(ref _slot, null, slot), slot))
            {
                slot(_continuationState);
                return;
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => TryTakeSignal();

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) =>
        ReferenceEquals(Volatile.Read(ref _slot), _signalled) ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _continuationState = state;
        if (Interlocked.CompareExchange(ref _slot, continuation, null) is not null)
        {
            // A signal came since GetStatus. GetResult takes it.
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
        }
    }

    private bool TryTakeSignal() => ReferenceEquals(Interlocked.CompareExchange(ref _slot, null, _signalled), _signalled);
}
