using System.Net.Sockets;

namespace MailCluster.Actors.Outbound;

/// <summary>Sends several pieces of memory with one system call. Reused by its connection, one send at a time; allocates nothing where the kernel takes all at once.</summary>
internal sealed class GatherSend() : SocketAsyncEventArgs(true)
{
    private readonly Wake _completed = new();
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
        if (socket.SendAsync(this))
        {
            return FinishAsync();
        }
        return Error is { } error ? ValueTask.FromException(error) : default;
    }

    private SocketException? Error => SocketError != SocketError.Success ? new((int)SocketError)
        : BytesTransferred != _expected ? new((int)SocketError.ConnectionReset) : null;

    /// <inheritdoc/>
    protected override void OnCompleted(SocketAsyncEventArgs e) => _completed.Signal();

    private async ValueTask FinishAsync()
    {
        await _completed.WaitAsync().ConfigureAwait(false);
        if (Error is { } error)
        {
            throw error;
        }
    }
}
