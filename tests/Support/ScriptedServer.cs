using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Tests.Support;

/// <summary>
/// A mail exchanger on loopback that misbehaves on request. What it does at a step is said by <see cref="ScriptedServerOptions.Fault"/>, or by a local part:
/// <c>421-at-data@example.net</c> answers 421 to the DATA of a transaction with that recipient (for <c>mail</c>: with that sender).
/// </summary>
/// <remarks>
/// What can be done: a reply code (with text: <c>554 5.7.1 no</c>), <c>close</c>, <c>reset</c> (RST), <c>silence</c>, <c>garbage</c>, <c>overlong</c>, <c>mixed</c> (two codes in one reply),
/// <c>slow</c> (the right reply, octet by octet), <c>unasked</c> (the right reply and one more).
/// </remarks>
public sealed partial class ScriptedServer : IAsyncDisposable
{
    // Bound and never listened on: the port stays refused, and no other test gets it.
    private static readonly ConcurrentBag<Socket> s_closed = [];

    private readonly ScriptedServerOptions _options;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly ConcurrentQueue<ScriptedServerMessage> _messages = new();
    private readonly ConcurrentQueue<string> _commands = new();
    private readonly ConcurrentQueue<string> _reads = new();
    private readonly Task _accepting;
    private int _connections;
    private int _open;

    private ScriptedServer(ScriptedServerOptions options)
    {
        _options = options;
        _listener = new(options.Address, options.Port);
        _listener.Start();
        // On the pool: a test that blocks its own thread must not hold up its partner.
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Starts one.</summary>
    public static ScriptedServer Start(ScriptedServerOptions? options = null) => new(options ?? new());

    /// <summary>A port of loopback that nobody listens on, as long as the tests run.</summary>
    public static int ClosedPort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        s_closed.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Messages taken, in the order of their ends.</summary>
    public IReadOnlyList<ScriptedServerMessage> Messages => [.. _messages];

    /// <summary>Command lines, in the order in which they were read, over all connections; a lone dot and content leave no line.</summary>
    public IReadOnlyList<string> Commands => [.. _commands];

    /// <summary>What single reads brought, as text.</summary>
    public IReadOnlyList<string> Reads => [.. _reads];

    /// <summary>Connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Waits for a condition of the server, 10 seconds at most.</summary>
    public async Task<bool> ReachesAsync(Func<ScriptedServer, bool> condition)
    {
        for (var until = DateTime.UtcNow.AddSeconds(10); !condition(this); await Task.Delay(5).ConfigureAwait(false))
        {
            if (DateTime.UtcNow > until)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Closes all connections and goes on listening.</summary>
    public void CloseConnections()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CloseConnections();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            for (; ; )
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                _sockets.Add(socket);
                socket.NoDelay = true;
                var number = Interlocked.Increment(ref _connections) - 1;
                Interlocked.Increment(ref _open);
                _ = ServeAsync(socket, number);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        try
        {
            using var dialogue = new Dialogue(this, socket, number);
            await dialogue.RunAsync();
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
        finally
        {
            socket.Dispose();
            Interlocked.Decrement(ref _open);
        }
    }
}
