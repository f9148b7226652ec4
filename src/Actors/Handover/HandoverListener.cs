using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace MailCluster.Actors.Handover;

/// <summary>The internal listener: takes donors' connections until it is disposed.</summary>
public sealed class HandoverListener : IAsyncDisposable
{
    /// <summary>Connections at a time: enough for several donors, and a bound for strangers.</summary>
    private const int Connections = 200;

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly HandoverReception _reception;
    private readonly HandoverTls? _tls;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _room = new(Connections);
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly Task _accepting;

    /// <summary>Begins to listen.</summary>
    /// <param name="socket">Bound; the listener's from now on.</param>
    /// <param name="reception">What takes the mail.</param>
    /// <param name="tls">Null for clear text.</param>
    public HandoverListener(Socket socket, HandoverReception reception, HandoverTls? tls)
    {
        (_socket, _reception, _tls) = (socket, reception, tls);
        socket.Listen(Connections);
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Closes it, cutting off who is connected, and returns when nobody uses the spool any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(false);
        _end.Dispose();
        _room.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await _room.WaitAsync(_end.Token).ConfigureAwait(false);
                var socket = await _socket.AcceptAsync(_end.Token).ConfigureAwait(false);
                var serving = Task.Run(() => ServeAsync(socket));
                _running.TryAdd(serving, 0);
                _ = serving.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException) when (!_end.IsCancellationRequested)
            {
                // The peer was gone before it was accepted, or there are no descriptors: both pass.
                _room.Release();
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private void Ended(Task serving)
    {
        _running.TryRemove(serving, out _);
        try
        {
            _room.Release();
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            var peer = socket.RemoteEndPoint?.ToString() ?? "";
            try
            {
                socket.NoDelay = true;
                await using var stream = await SecureAsync(new NetworkStream(socket)).ConfigureAwait(false);
                await new ReceivingConnection(stream, peer, _reception).RunAsync(_end.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException)
            {
                _reception.Logger.ConnectionLost(peer, e.Message);
            }
#pragma warning disable CA1031 // The connection ends here whatever went wrong in it; the others go on.
            catch (Exception e)
            {
                _reception.Logger.ConnectionFailed(peer, e);
            }
#pragma warning restore CA1031
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream plain)
    {
        if (_tls is null)
        {
            return plain;
        }
        var secured = new SslStream(plain);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            limit.CancelAfter(HandshakeLimit);
            await secured.AuthenticateAsServerAsync(_tls.Server(), limit.Token).ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
