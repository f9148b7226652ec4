using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Node.Sink;

/// <summary>An SMTP server that takes mail for anybody, counts it and lets it vanish: to see mail arrive, to measure against, to rehearse misfortune. It shares no code with the relay.</summary>
internal sealed class SinkServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<SinkSession, byte> _sessions = [];
    private readonly ConcurrentDictionary<string, byte> _met = [];
    private readonly long _storedBefore;
    private readonly Task _accepting;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="SocketException">The address is taken.</exception>
    /// <exception cref="IOException">The store cannot be made.</exception>
    public SinkServer(SinkOptions options)
    {
        Options = options;
        if (options.Store is { } store)
        {
            Directory.CreateDirectory(store);
            _storedBefore = Directory.EnumerateFiles(store, "*.eml").Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).DefaultIfEmpty().Max();
        }
        _listener = new(options.Bind.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(options.Bind);
            _listener.Listen(4096);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    public SinkOptions Options { get; }

    public SinkCounters Counters { get; } = new();

    /// <summary>Cancelled when the sink stops.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>The number that a message has in the store: it goes on where an earlier run ended.</summary>
    public long NumberOf(long counted) => _storedBefore + counted;

    /// <summary>True the first time that it is asked of an address and step.</summary>
    public bool IsFirst(string address) => _met.TryAdd(address, 0);

    /// <summary>Closes the listener and every connection, and returns when no session runs any more: the counters are final then.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var session in _sessions.Keys)
        {
            session.Close();
        }
        await Task.WhenAll(_sessions.Keys.Select(session => session.Ended));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                socket.NoDelay = true;
                Counters.Connected();
                var session = new SinkSession(this, socket);
                _sessions[session] = 0;
                _ = ServeAsync(session);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client went before it was taken, or file descriptors ran out: the next may do.
                await Task.Delay(10);
            }
        }
    }

    private async Task ServeAsync(SinkSession session)
    {
        await session.RunAsync();
        _sessions.TryRemove(session, out _);
    }
}
