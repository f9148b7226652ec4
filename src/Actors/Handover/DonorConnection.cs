using System.Globalization;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using MailCluster.Protocol.Handover;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>
/// A donor's connection to a receiver: sends messages and questions, pipelined, and says what the receiver answers. It ends with the first fault, as an <see cref="IOException"/>; what it had begun
/// and not heard of stands in <see cref="Unanswered"/>.
/// </summary>
internal sealed partial class DonorConnection : IAsyncDisposable
{
    /// <summary>Larger content waits for the reply to MAIL: it need not be sent twice.</summary>
    private const int PipelinedContent = 64 << 10;

    private const int MaxUnsent = 256 << 10;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5), ReplyLimit = TimeSpan.FromMinutes(2);

    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly CancellationTokenSource _silence;
    private readonly DonorTransfers _transfers = new();
    private readonly SemaphoreSlim _answered = new(0);
    private readonly CancellationToken _end;
    private bool _sent;
    private bool _repliesEnded;

    private DonorConnection(Stream stream, CancellationToken end)
    {
        _stream = stream;
        _end = end;
        _input = PipeReader.Create(stream, new(leaveOpen: true));
        _output = PipeWriter.Create(stream, new(minimumBufferSize: 64 << 10, leaveOpen: true));
        _silence = CancellationTokenSource.CreateLinkedTokenSource(end);
    }

    /// <summary>Messages that were begun and of which nothing is known: the receiver must be asked.</summary>
    public IReadOnlyCollection<string> Unanswered => _transfers.Open;

    /// <summary>Connects, and makes sure of who is there: the spool that the peer is known by, not merely its address.</summary>
    /// <exception cref="IOException">It cannot be reached, or it is another one.</exception>
    public static async Task<DonorConnection> OpenAsync(HandoverPeer peer, ulong donor, string hostname, HandoverTls? tls, CancellationToken end)
    {
        Socket? socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        DonorConnection? connection = null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
            limit.CancelAfter(ConnectLimit);
            await socket.ConnectAsync(peer.Host, peer.Port, limit.Token).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            socket = null;
            if (tls is not null)
            {
                var secured = new SslStream(stream);
                stream = secured;
                await secured.AuthenticateAsClientAsync(tls.Client(peer.Host), limit.Token).ConfigureAwait(false);
            }
            connection = new(stream, end);
            stream = null;
            await connection.IntroduceAsync(peer, donor, hostname).ConfigureAwait(false);
            var opened = connection;
            connection = null;
            return opened;
        }
        catch (Exception e) when (e is SocketException or AuthenticationException || (e is OperationCanceledException && !end.IsCancellationRequested))
        {
            throw new IOException(e is OperationCanceledException ? $"no connection within {ConnectLimit.TotalSeconds} s" : e.Message, e);
        }
        finally
        {
            socket?.Dispose();
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
            if (connection is not null)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends messages that are marked for this receiver, and returns when it has answered for each. A message that cannot be read any more is left out.</summary>
    /// <param name="spool">Where they are.</param>
    /// <param name="messages">They, with their marks.</param>
    /// <param name="sending">Told of each before anything of it is sent.</param>
    /// <param name="decided">Told what the receiver says of each, on any thread, one at a time.</param>
    /// <param name="unreadable">Told of those that were left out, and why; null where the message has ended.</param>
    public async Task SendAsync(
        Spool.Spool spool, IReadOnlyList<HandingOver> messages, Action<SpooledMessage> sending, Action<DonorVerdict> decided, Action<HandingOver, Exception?> unreadable)
    {
        (_sent, _repliesEnded) = (false, false);
        var replies = Task.Run(() => ReadVerdictsAsync(decided));
        try
        {
            foreach (var message in messages)
            {
                if (replies.IsCompleted)
                {
                    break;
                }
                await SendAsync(spool, message, sending, unreadable).ConfigureAwait(false);
            }
            await FlushAsync().ConfigureAwait(false);
        }
        catch
        {
            await _silence.CancelAsync().ConfigureAwait(false);
            await replies.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        lock (_transfers)
        {
            _sent = true;
            if (_transfers.Awaited == 0)
            {
                _input.CancelPendingRead();
            }
        }
        await replies.ConfigureAwait(false);
    }

    /// <summary>Asks whether handovers were received. Null where the receiver cannot say now.</summary>
    public async Task<IReadOnlyList<bool?>> AskAsync(IReadOnlyList<HandoverId> handovers)
    {
        var answers = new List<bool?>(handovers.Count);
        // Few enough that neither side waits with full buffers for the other to read.
        foreach (var part in handovers.Chunk(200))
        {
            foreach (var handover in part)
            {
                HandoverLines.Had(_output, handover.Message.ToString(), handover.Number);
            }
            await FlushAsync().ConfigureAwait(false);
            for (var i = 0; i < part.Length; i++)
            {
                var reply = await ReadReplyAsync().ConfigureAwait(false) ?? throw Gone();
                answers.Add(reply.Code switch
                {
                    ReplyCode.Ok => true,
                    HandoverReplies.NeverCode => false,
                    ReplyCode.NotAvailable => throw new IOException(reply.ToString()),
                    _ => null,
                });
            }
        }
        return answers;
    }

    /// <summary>Says that nothing is marked for this receiver any more; false where it does not take that now.</summary>
    public async Task<bool> ForgetAsync()
    {
        HandoverLines.Forget(_output);
        await FlushAsync().ConfigureAwait(false);
        return await ReadReplyAsync().ConfigureAwait(false) is { Code: ReplyCode.Ok };
    }

    /// <summary>Closes it, with QUIT where nothing is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_silence.IsCancellationRequested && _transfers.Awaited == 0)
            {
                _silence.CancelAfter(TimeSpan.FromSeconds(1));
                HandoverLines.Quit(_output);
                await _output.FlushAsync(_silence.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
        }
        await _input.CompleteAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _silence.Dispose();
        _answered.Dispose();
    }

    private async Task IntroduceAsync(HandoverPeer peer, ulong donor, string hostname)
    {
        await ExpectAsync(ReplyCode.Greeting).ConfigureAwait(false);
        HandoverLines.Ehlo(_output, hostname);
        await FlushAsync().ConfigureAwait(false);
        var hello = await ExpectAsync(ReplyCode.Ok).ConfigureAwait(false);
        // Version 1 is what we speak; a receiver that names a later one speaks it too.
        if (!hello.Lines.Any(static line => line.StartsWith(HandoverLimits.Keyword + " ", StringComparison.OrdinalIgnoreCase)))
        {
            throw new IOException("what answers there is no internal listener of MailCluster");
        }
        HandoverLines.Ticket(_output, peer.Ticket, donor);
        await FlushAsync().ConfigureAwait(false);
        var welcome = await ExpectAsync(ReplyCode.Ok).ConfigureAwait(false);
        if (!ulong.TryParse(welcome.Lines[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var spool) || spool != peer.Spool)
        {
            throw new IOException("another spool answers there");
        }
    }

    private async Task<Reply> ExpectAsync(int code)
    {
        var reply = await ReadReplyAsync().ConfigureAwait(false) ?? throw Gone();
        return reply.Code == code ? reply : throw new IOException(reply.ToString());
    }

    /// <summary>The next reply; null where the wait was broken off because all has been sent and answered.</summary>
    private async ValueTask<Reply?> ReadReplyAsync()
    {
        while (true)
        {
            _silence.CancelAfter(ReplyLimit);
            var read = await Guard(_input.ReadAsync(_silence.Token)).ConfigureAwait(false);
            var progress = ReplyParser.Parse(read.Buffer, out var view, out var consumed);
            if (progress == ReplyProgress.Complete)
            {
                var reply = view.ToReply();
                _input.AdvanceTo(read.Buffer.GetPosition(consumed));
                return reply;
            }
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCanceled)
            {
                return null;
            }
            if (progress != ReplyProgress.NeedMore)
            {
                throw new IOException("what answers there does not speak SMTP");
            }
            if (read.IsCompleted)
            {
                throw Gone();
            }
        }
    }

    private ValueTask FlushSomeAsync() => _output.UnflushedBytes >= MaxUnsent ? FlushAsync() : default;

    private async ValueTask FlushAsync()
    {
        if (_output.UnflushedBytes > 0)
        {
            _silence.CancelAfter(ReplyLimit);
            await Guard(_output.FlushAsync(_silence.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>Silence is a fault of the connection; the end of all is not.</summary>
    private async ValueTask<T> Guard<T>(ValueTask<T> waiting)
    {
        try
        {
            return await waiting.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            throw new IOException($"no answer within {ReplyLimit.TotalMinutes} min");
        }
    }

    private static IOException Gone() => new("the receiver has closed the connection");
}
