using System.IO.Pipelines;
using System.Net;
using System.Text;
using MailCluster.Actors.Sessions;
using MailCluster.Support;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Actors.Tests.Sessions;

/// <summary>A client that talks to a connection through pipes in memory. The connection reads on the client's thread: what was written has been seen when the write returns, as far as it needed no one else.</summary>
public sealed class Client : IDuplexPipe, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _over = new();
    private readonly Pipe _toServer;
    private readonly Pipe _toClient;

    internal Client(SmtpListener listener, IPEndPoint address, PipeOptions? toClient = null, ProxiedClient? proxied = null)
    {
        _toServer = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        _toClient = new(toClient ?? new PipeOptions(readerScheduler: PipeScheduler.ThreadPool, writerScheduler: PipeScheduler.ThreadPool, useSynchronizationContext: false));
        Sent = new(_toClient.Writer);
        var context = new Context
        {
            Aborted = () =>
            {
                IsAborted = true;
                _over.TrySetResult();
            },
            Over = _over.Task,
            Transport = new Ends(_toServer.Reader, Sent),
            RemoteEndPoint = address,
            ConnectionClosed = _closed.Token,
        };
        context.Features.Set(proxied);
        Connection = new(listener, context);
        Run = Connection.RunAsync();
        _ = LingerAsync();
    }

    public SmtpConnection Connection { get; }

    /// <summary>What the server sends through.</summary>
    public FlushCounter Sent { get; }

    /// <summary>True where the server has said something that was not read.</summary>
    public bool HasReply
    {
        get
        {
            if (!Input.TryRead(out var read))
            {
                return false;
            }
            Input.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
            return true;
        }
    }

    /// <summary>Ends with the session.</summary>
    public Task Run { get; }

    /// <summary>True where the server has cut the connection.</summary>
    public bool IsAborted { get; private set; }

    public PipeReader Input => _toClient.Reader;

    public PipeWriter Output => _toServer.Writer;

    /// <summary>Sends a line or several.</summary>
    public async Task SendAsync(params string[] lines) => await Output.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))));

    /// <summary>Sends octets.</summary>
    public async Task SendRawAsync(string octets) => await Output.WriteAsync(Encoding.Latin1.GetBytes(octets));

    /// <summary>Reads a whole reply, its lines joined; "" at the end.</summary>
    public async Task<string> ReplyAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        var reply = new StringBuilder();
        while (await Transcript.ReadLineAsync(Input, "a reply", patience.Token) is { } line)
        {
            reply.Append(reply.Length > 0 ? "\n" : "").Append(line);
            if (line.Length < 4 || line[3] != '-')
            {
                break;
            }
        }
        return reply.ToString();
    }

    /// <summary>Reads replies; their codes.</summary>
    public async Task<string> CodesAsync(int count)
    {
        var codes = new List<string>();
        for (var i = 0; i < count; i++)
        {
            codes.Add((await ReplyAsync()).Split(' ', '-')[0]);
        }
        return string.Join(' ', codes);
    }

    /// <summary>Sends lines and reads a reply to each; their codes.</summary>
    public async Task<string> DialogueAsync(params string[] lines)
    {
        await SendAsync(lines);
        return await CodesAsync(lines.Length);
    }

    /// <summary>Reads the greeting, says EHLO, and sends lines that each get one reply.</summary>
    public async Task BeginAsync(params string[] lines)
    {
        Assert.StartsWith("220 ", await ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("250", await DialogueAsync("EHLO client.example"));
        foreach (var line in lines)
        {
            Assert.Matches("^(250|354)$", await DialogueAsync(line));
        }
    }

    /// <summary>Connects no more: the server sees the end of the input and a closed connection.</summary>
    public async Task HangUpAsync()
    {
        await Output.CompleteAsync();
        await Input.CompleteAsync();
        await _closed.CancelAsync();
        _over.TrySetResult();
        await Run.WaitAsync(s_patience);
    }

    /// <summary>Waits for the server to close; it must say nothing more.</summary>
    public async Task ClosedAsync()
    {
        Assert.Equal("", await ReplyAsync());
        await Run.WaitAsync(s_patience);
    }

    public void Dispose() => _closed.Dispose();

    private async Task LingerAsync()
    {
        await Run;
        await Connection.LingerAsync();
    }

    private sealed class Context : DefaultConnectionContext
    {
        public Action? Aborted { get; init; }

        /// <summary>Ends when all that was written is sent, or the connection is cut.</summary>
        public required Task Over { get; init; }

        public override async ValueTask DisposeAsync()
        {
            await Over;
            await base.DisposeAsync();
        }

        public override void Abort(ConnectionAbortedException abortReason) => Aborted?.Invoke();
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
