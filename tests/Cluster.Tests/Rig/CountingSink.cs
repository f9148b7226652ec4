using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// All mail exchangers of the world: takes everything, and records what came, from whom, and which connections were open when. Written apart from the product's own parsers.
/// </summary>
internal sealed class CountingSink : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _sessions = new();
    private readonly List<Connection> _connections = [];
    private readonly Task _accepting;

    /// <summary>Listens on port 25 of every address of the namespace.</summary>
    public CountingSink(NetworkNamespace space)
    {
        _listener = space.Listen(IPAddress.Any, 25);
        _accepting = AcceptAsync();
    }

    /// <summary>What has been taken.</summary>
    public ConcurrentQueue<Reception> Receptions { get; } = [];

    /// <summary>How long the end of data is thought over: connections are in use for so long.</summary>
    public TimeSpan Thinking { get; set; }

    /// <summary>All connections so far.</summary>
    public IReadOnlyList<SinkConnection> Connections
    {
        get
        {
            lock (_connections)
            {
                return [.. _connections.Select(connection => connection.Record)];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_sessions.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                Connection connection;
                lock (_connections)
                {
                    // Whoever has gone by now was gone before this one came, though its session may not have read that yet.
                    foreach (var other in _connections)
                    {
                        other.Look();
                    }

                    connection = new(socket);       // opens now: not before those that were found closed
                    _connections.Add(connection);
                }

                var session = Task.Run(() => ServeAsync(connection));
                _sessions[session] = 0;
                _ = session.ContinueWith(ended => _sessions.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Connection connection)
    {
        try
        {
            await using var stream = new NetworkStream(connection.Socket, ownsSocket: false);
            using var reader = new StreamReader(stream, Encoding.Latin1, false, 16384, leaveOpen: true);
            await DialogueAsync(connection, reader, stream);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went, or the test is over.
        }
        finally
        {
            lock (_connections)
            {
                connection.End();
            }

            connection.Socket.Dispose();
        }
    }

    private async Task DialogueAsync(Connection connection, StreamReader reader, NetworkStream stream)
    {
        await SayAsync("220 sink.test ESMTP");
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            switch (line.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync("250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES");
                    break;
                case "DATA":
                    await SayAsync("354 Go on");
                    if (await ContentAsync(reader) is not { } content)
                    {
                        return;
                    }

                    if (Thinking > TimeSpan.Zero)
                    {
                        await Task.Delay(Thinking, _stop.Token);
                    }

                    var (number, intact) = NumberedMail.Read(content);
                    Receptions.Enqueue(new(number, intact, connection.Record.From, connection.Record.Exchanger, RigClock.Now));
                    await SayAsync("250 2.0.0 Ok");
                    break;
                case "QUIT":
                    await SayAsync("221 2.0.0 Bye");
                    return;
                default:
                    await SayAsync("250 2.0.0 Ok");
                    break;
            }
        }

        async Task SayAsync(string reply) => await stream.WriteAsync(Encoding.Latin1.GetBytes(reply + "\r\n"), _stop.Token);
    }

    private async Task<string?> ContentAsync(StreamReader reader)
    {
        var content = new StringBuilder();
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (line == ".")
            {
                return content.ToString();
            }

            content.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }

        return null;
    }

    private sealed class Connection(Socket socket)
    {
        private const int TcpLevel = 6;
        private const int TcpInfo = 11;
        private const byte Established = 1;

        private bool _ended;

        public Socket Socket { get; } = socket;

        public SinkConnection Record { get; private set; } =
            new(((IPEndPoint)socket.RemoteEndPoint!).Address, ((IPEndPoint)socket.LocalEndPoint!).Address, RigClock.Now, TimeSpan.MaxValue);

        /// <summary>Asks the kernel whether the peer has closed.</summary>
        public void Look()
        {
            if (_ended)
            {
                return;
            }

            Span<byte> state = stackalloc byte[1];
            try
            {
                Socket.GetRawSocketOption(TcpLevel, TcpInfo, state);
                if (state[0] != Established)
                {
                    End();
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                End();
            }
        }

        public void End()
        {
            if (!_ended)
            {
                _ended = true;
                Record = Record with { Closed = RigClock.Now };
            }
        }
    }
}
