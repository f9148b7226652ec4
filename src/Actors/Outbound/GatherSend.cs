using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace MailCluster.Actors.Outbound;

/// <summary>Sends several pieces of memory with one system call. Reused by its connection, one send at a time; allocates nothing where the kernel takes all at once.</summary>
internal sealed class GatherSend() : SocketAsyncEventArgs(true), IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;
    private long _expected;

    /// <summary>Sends all of it.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public ValueTask SendAsync(Socket socket, List<ArraySegment<byte>> pieces)
    {
        _expected = 0;
        foreach (var piece in pieces)
        {
            _expected += piece.Count;
        }
        BufferList = pieces;
        _source.Reset();
        if (socket.SendAsync(this))
        {
            return new(this, _source.Version);
        }
        return Error is { } error ? ValueTask.FromException(error) : default;
    }

    private SocketException? Error => SocketError != SocketError.Success ? new((int)SocketError)
        : BytesTransferred != _expected ? new((int)SocketError.ConnectionReset) : null;

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (Error is { } error)
        {
            _source.SetException(error);
        }
        else
        {
            _source.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
