using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// One client's connection: reads a command at a time, has the session machine decide it, carries out what it decides. What is not read stays in the pipe,
/// and replies are sent when the input is used up or something must be waited for: so PIPELINING costs one write a group, and a slow node slows its client.
/// </summary>
/// <remarks>
/// <para>Octets that come before the greeting are answered after it, in order. To refuse them would only be a spam trap; our clients are applications, load
/// balancers and their probes, and nothing is taken from an early talker that is not taken later.</para>
/// <para>Timeouts use no timers of their own: a deadline is a number, and <see cref="OpenConnections"/> looks at it once a second.</para>
/// </remarks>
public sealed partial class SmtpConnection
{
    /// <summary>Replies are sent at the latest when so many octets wait: a client that floods commands and reads no reply must not fill our memory.</summary>
    private const int MaxUnsent = 16 << 10;

    private readonly SmtpListener _listener;
    private readonly Reception _reception;
    private readonly ConnectionContext _context;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly ClientOrigin _client;
    private readonly LineReader _lines = new(LineReader.CommandLimit);
    private readonly ServerSession _session;
    private readonly SessionHandle _handle;
    private int _unsent;
    private bool _told;

    /// <summary>Takes over a connection; <see cref="RunAsync"/> serves it.</summary>
    /// <param name="listener">The listener it came to.</param>
    /// <param name="context">Transport, addresses, and the way to abort it.</param>
    public SmtpConnection(SmtpListener listener, ConnectionContext context)
    {
        _listener = listener;
        _reception = listener.Reception;
        _context = context;
        _input = context.Transport.Input;
        _output = context.Transport.Output;
        _client = listener.OriginOf(context);
        _session = IsProbe ? new(listener.Rules, new SessionState.Probe()) : new(listener.Rules);
        _handle = new(_reception, _reception.NextSession(), End);
        var ticks = _reception.Time.TimestampFrequency;
        _idleTicks = (long)(_reception.Limits.IdleTimeout.TotalSeconds * ticks);
        _transactionTicks = (long)(_reception.Limits.TransactionTimeout.TotalSeconds * ticks);
    }

    private ILogger Logger => _reception.Logger;

    private string ClientAddress => field ??= new IPEndPoint(_client.Address, _client.Port).ToString();

    /// <summary>The load balancer itself: it counts for no limit, and is no news.</summary>
    private bool IsProbe => _client.Standing == ClientStanding.Balancer;

    /// <summary>Serves the connection to its end. Never throws.</summary>
    public async Task RunAsync()
    {
        var refusal = IsProbe ? null : _reception.Entrance.TryEnter(_client.Address);
        var entered = refusal is null && !IsProbe;
        _reception.Connections.Add(this);
        Arm();
        try
        {
            if ((refusal ?? _reception.RefusalAtGreeting()) is { } reply)
            {
                Reject(reply, null, null);
                Send(_session.End(reply));
            }
            else
            {
                _handle.Open();
                if (Logger.IsEnabled(LogLevel.Debug))
                {
                    Logger.Connected(ClientAddress, _listener.Options.Name, _handle.Id);
                }
                Send(new(_session.State, _listener.Rules.Greeting));
                await ServeAsync().ConfigureAwait(false);
            }
            await FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogLost();
        }
#pragma warning disable CA1031 // The session ends here whatever went wrong in it; the others go on.
        catch (Exception e)
        {
            Logger.Failed(e, _session.State.Phrase, ClientAddress, _handle.Id);
            Send(_session.End(Replies.SpoolUnhealthy));
        }
#pragma warning restore CA1031
        finally
        {
            ReleaseContent();
            if (entered)
            {
                _reception.Entrance.Leave(_client.Address);
            }
            await CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task ServeAsync()
    {
        while (_session.State is not SessionState.Closed)
        {
            if (!_input.TryRead(out var read))
            {
                Await();
                await FlushAsync().ConfigureAwait(false);
                if (Ending() is { } ending)
                {
                    Send(_session.End(ending));
                    return;
                }
                read = await _input.ReadAsync().ConfigureAwait(false);
            }
            if (read.IsCanceled && Ending() is { } interrupted)
            {
                _input.AdvanceTo(read.Buffer.Start);
                Send(_session.End(interrupted));
                return;
            }

            if (!TryTake(read.Buffer, out var transition))
            {
                if (read.IsCompleted)
                {
                    LogLost();
                    return;
                }
                continue;
            }
            await CarryOutAsync(transition).ConfigureAwait(false);
            if (_unsent >= MaxUnsent)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes one command off the input and has it decided; false where no whole one is there.</summary>
    private bool TryTake(in ReadOnlySequence<byte> input, out Transition transition)
    {
        var status = _lines.Read(input, out var line, out var consumed, out var examined);
        if (status == LineStatus.Incomplete)
        {
            NoteLineBegun(!input.IsEmpty);
            _input.AdvanceTo(consumed, examined);
            transition = default;
            return false;
        }

        transition = status switch
        {
            LineStatus.Line => Decide(line),
            LineStatus.TooLong => _session.On(new Command.Refused(Replies.LineTooLong)),
            _ => _session.On(new Command.Refused(Replies.BadLineEnd)),
        };
        _input.AdvanceTo(consumed);
        NoteLineEnded();
        return true;
    }

    private Transition Decide(in ReadOnlySequence<byte> line)
    {
        if (Logger.IsEnabled(LogLevel.Debug))
        {
            Logger.Received(_handle.Id, Encoding.Latin1.GetString(line));
        }
        var command = CommandParser.Parse(line);
        var before = _session.State;
        var transition = _session.On(command);
        if (transition.Reply is { Code: >= 400 } reply)
        {
            RejectCommand(reply, command, before);
        }
        return transition;
    }

    private void Send(in Transition transition)
    {
        if (transition.Reply is not { } reply)
        {
            return;
        }
        if (transition.QueueId is { } queueId)
        {
            ReplyWriter.Write(_output, reply, queueId);
            _unsent += queueId.Length;
        }
        else
        {
            ReplyWriter.Write(_output, reply);
        }
        _unsent += reply.Octets.Length;
        if (Logger.IsEnabled(LogLevel.Debug))
        {
            Logger.Sent(_handle.Id, reply + transition.QueueId);
        }
    }

    /// <summary>Sends what was written.</summary>
    private ValueTask FlushAsync()
    {
        if (_unsent == 0)
        {
            return default;
        }
        _unsent = 0;
        var flush = _output.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
        {
            return AwaitFlushAsync(flush);
        }
        var result = flush.Result;
        return result.IsCompleted || result.IsCanceled ? AwaitFlushAsync(new(result)) : default;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        if (Volatile.Read(ref _deadline) == long.MaxValue)
        {
            Arm();
        }
        _flushing = true;
        var result = await flush.ConfigureAwait(false);
        _flushing = false;
        if (result.IsCompleted || (result.IsCanceled && IsExpired()))
        {
            throw new IOException("The client does not take our replies.");
        }
    }
}
