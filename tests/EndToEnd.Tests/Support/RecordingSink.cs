using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>
/// A next hop inside the test, written apart from the product's own parsers: keeps each message whole, octet by octet. <see cref="Answer"/> may replace
/// the reply to a line, or hang up by returning "".
/// </summary>
internal sealed class RecordingSink : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _sessions = new();
    private readonly Task _accepting;
    private int _connections;

    public RecordingSink(IPAddress? address = null, int port = 0)
    {
        _listener = new(address ?? IPAddress.Loopback, port);
        _listener.Start(512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public ConcurrentQueue<ReceivedMessage> Messages { get; } = [];

    /// <summary>Connections taken so far.</summary>
    public int Connections => _connections;

    /// <summary>The keywords after the first line of the reply to EHLO.</summary>
    public string[] Extensions { get; set; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "CHUNKING", "SIZE 100000000"];

    /// <summary>Given a command line (or <c>connect</c>, or <c>.</c> at the end of data): null for the usual reply, a reply, or "" to hang up.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
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
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                var session = Task.Run(() => ServeAsync(socket));
                _sessions[session] = 0;
                _ = session.ContinueWith(ended => _sessions.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            await new Session(this, stream).ServeAsync(_stop.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went, or the test is over.
        }
    }

    private sealed class Session(RecordingSink sink, NetworkStream stream)
    {
        private readonly byte[] _buffer = new byte[65536];
        private readonly StringBuilder _replies = new();
        private int _start;
        private int _end;

        public async Task ServeAsync(CancellationToken stop)
        {
            if (!await ReplyAsync("connect", "220 sink.test ESMTP"))
            {
                return;
            }
            var (mail, rcpts, chunks) = ("", new List<string>(), new MemoryStream());
            while (await LineAsync(stop) is { } line)
            {
                var (verb, argument) = line.IndexOf(' ', StringComparison.Ordinal) is var space and > 0 ? (line[..space].ToUpperInvariant(), line[(space + 1)..]) : (line.ToUpperInvariant(), "");
                switch (verb)
                {
                    case "EHLO":
                        if (!await ReplyAsync(line, string.Join("\r\n", new[] { "sink.test" }.Concat(sink.Extensions).Select((text, n) => (n == sink.Extensions.Length ? "250 " : "250-") + text)))) { return; }
                        break;
                    case "MAIL":
                        (mail, rcpts, chunks) = (argument, [], new());
                        if (!await ReplyAsync(line, "250 2.1.0 Ok")) { return; }
                        break;
                    case "RCPT":
                        var taken = sink.Answer(line);
                        if (taken is null or ['2', ..]) { rcpts.Add(argument); }
                        if (!await WriteAsync(taken ?? "250 2.1.5 Ok")) { return; }
                        break;
                    case "DATA" when rcpts.Count == 0:
                        if (!await ReplyAsync(line, "554 5.5.1 No valid recipients")) { return; }
                        break;
                    case "DATA":
                        var go = sink.Answer(line);
                        if (!await WriteAsync(go ?? "354 Go on")) { return; }
                        if (go is not (null or ['3', ..])) { break; }
                        var content = await ContentAsync(stop);
                        if (!await EndAsync(mail, rcpts, content)) { return; }
                        break;
                    case "BDAT":
                        var parts = argument.Split(' ');
                        chunks.Write(await OctetsAsync(int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), stop));
                        if (parts.Length > 1)
                        {
                            if (!await EndAsync(mail, rcpts, chunks.ToArray())) { return; }
                            chunks = new();
                        }
                        else if (!await ReplyAsync(line, "250 2.0.0 Ok")) { return; }
                        break;
                    case "QUIT":
                        await ReplyAsync(line, "221 2.0.0 Bye");
                        await FlushAsync();
                        return;
                    case "HELO" or "RSET" or "NOOP":
                        if (!await ReplyAsync(line, "250 2.0.0 Ok")) { return; }
                        break;
                    default:
                        if (!await ReplyAsync(line, "500 5.5.2 What?")) { return; }
                        break;
                }
            }
        }

        private async Task<bool> EndAsync(string mail, List<string> rcpts, byte[] content)
        {
            var answer = sink.Answer(".");
            if (answer is null or ['2', ..])
            {
                sink.Messages.Enqueue(new(mail, rcpts, content, sink.Port));
            }
            return await WriteAsync(answer ?? "250 2.0.0 Ok");
        }

        private Task<bool> ReplyAsync(string line, string usual) => WriteAsync(sink.Answer(line) ?? usual);

        private async Task<bool> WriteAsync(string reply)
        {
            if (reply.Length == 0)
            {
                await FlushAsync();
                return false;
            }
            _replies.Append(reply).Append("\r\n");
            if (_start == _end)
            {
                await FlushAsync();
            }
            return true;
        }

        private async Task FlushAsync()
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(_replies.ToString()));
            _replies.Clear();
        }

        private async Task<int> OctetAsync(CancellationToken stop)
        {
            if (_start == _end)
            {
                await FlushAsync();
                (_start, _end) = (0, await stream.ReadAsync(_buffer, stop));
                if (_end == 0)
                {
                    return -1;
                }
            }
            return _buffer[_start++];
        }

        private async Task<string?> LineAsync(CancellationToken stop)
        {
            var line = new StringBuilder();
            while (true)
            {
                var octet = await OctetAsync(stop);
                if (octet < 0)
                {
                    return null;
                }
                line.Append((char)octet);
                if (line.Length >= 2 && line[^2] == '\r' && line[^1] == '\n')
                {
                    return line.ToString(0, line.Length - 2);
                }
            }
        }

        private async Task<byte[]> OctetsAsync(int count, CancellationToken stop)
        {
            var octets = new byte[count];
            for (var i = 0; i < count; i++)
            {
                octets[i] = (byte)(await OctetAsync(stop) is >= 0 and var octet ? octet : throw new IOException("The client went."));
            }
            return octets;
        }

        private async Task<byte[]> ContentAsync(CancellationToken stop)
        {
            var content = new MemoryStream();
            while (await LineAsync(stop) is { } line)
            {
                if (line == ".")
                {
                    return content.ToArray();
                }
                content.Write(Encoding.Latin1.GetBytes(line.StartsWith('.') ? line[1..] : line));
                content.Write("\r\n"u8);
            }
            throw new IOException("The client went.");
        }
    }
}
