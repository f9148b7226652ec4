using System.Buffers;
using System.IO.Pipelines;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Handover;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>One connection of a donor: reads a line at a time, has <see cref="ReceiverState"/> decide it, and carries out what it decides.</summary>
internal sealed class ReceivingConnection(Stream stream, string peer, HandoverReception reception)
{
    /// <summary>Who has not shown a ticket has so long in all, whatever it says: else strangers could take all connections. A member may have to wait for its own disk each time.</summary>
    private static readonly TimeSpan StrangersLimit = TimeSpan.FromSeconds(10), MembersLimit = TimeSpan.FromMinutes(5);

    private const int LongestLine = 1024;

    private const int MaxUnsent = 16 << 10;

    private readonly PipeReader _input = PipeReader.Create(stream, new(bufferSize: 64 << 10, leaveOpen: true));
    private readonly PipeWriter _output = PipeWriter.Create(stream, new(leaveOpen: true));
    private readonly LineReader _lines = new(LongestLine);
    private ReceiverState _state = new ReceiverState.Connected(reception.Hostname);
    private ulong _donor;
    private long _number;
    private SpoolWriter? _writer;
    private MessageBlock? _block;
    private int _unsent;

    /// <summary>Serves it to its end.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    /// <exception cref="OperationCanceledException">It took too long, or <paramref name="end"/> came.</exception>
    public async Task RunAsync(CancellationToken end)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(end);
        limit.CancelAfter(StrangersLimit);
        try
        {
            Send(Replies.Greeting(reception.Hostname));
            while (_state is not ReceiverState.Closed)
            {
                if (await NextLineAsync(limit).ConfigureAwait(false) is not { } command)
                {
                    return;
                }
                await GoAsync(_state.On(command), limit).ConfigureAwait(false);
            }
            await FlushAsync(limit).ConfigureAwait(false);
        }
        finally
        {
            Abandon();
            await _input.CompleteAsync().ConfigureAwait(false);
            await _output.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<HandoverCommand?> NextLineAsync(CancellationTokenSource limit)
    {
        while (true)
        {
            var read = await ReadAsync(limit).ConfigureAwait(false);
            var status = _lines.Read(read.Buffer, out var line, out var consumed, out var examined);
            if (status == LineStatus.Incomplete)
            {
                _input.AdvanceTo(consumed, examined);
                if (read.IsCompleted)
                {
                    return null;
                }
                continue;
            }
            var command = status == LineStatus.Line ? Parse(line) : new HandoverCommand.Refused(HandoverReplies.Syntax);
            _input.AdvanceTo(consumed);
            return command;
        }
    }

    private static HandoverCommand Parse(in ReadOnlySequence<byte> line) =>
        line.IsSingleSegment ? HandoverCommandParser.Parse(line.FirstSpan) : HandoverCommandParser.Parse(line.ToArray());

    private async Task GoAsync(ReceiverTransition transition, CancellationTokenSource limit)
    {
        while (true)
        {
            _state = transition.Next;
            if (transition.Reply is { } reply)
            {
                Send(reply);
            }
            switch (transition.Effect)
            {
                case null:
                    return;
                case ReceiverEffect.CheckTicket check:
                    transition = _state.On(Check(check.Ticket, limit));
                    break;
                case ReceiverEffect.Admit admit:
                    transition = _state.On(new MailVerdict(await AdmitAsync(admit.Message, limit).ConfigureAwait(false)));
                    break;
                case ReceiverEffect.ReadState state:
                    transition = _state.On(new Stored(await ReadStateAsync(state.Message, limit).ConfigureAwait(false)));
                    break;
                case ReceiverEffect.Store store:
                    transition = _state.On(new Stored(await StoreAsync(store.Message, limit).ConfigureAwait(false)));
                    break;
                case ReceiverEffect.Skip skip:
                    await TakeAsync(skip.Size, static (_, _) => default, limit).ConfigureAwait(false);
                    Send(skip.Reply);
                    return;
                case ReceiverEffect.Abandon:
                    Abandon();
                    return;
                case ReceiverEffect.Answer answer:
                    Send(await AnswerAsync(answer.Question, limit).ConfigureAwait(false));
                    return;
                case ReceiverEffect.Forget:
                    Send(await ForgetAsync().ConfigureAwait(false));
                    return;
                default:
                    throw new InvalidOperationException($"Nobody carries out {transition.Effect}.");
            }
        }
    }

    private TicketVerdict Check(HandoverCommand.Ticket ticket, CancellationTokenSource limit)
    {
        if (!reception.Tickets.Has(ticket.Text, ticket.Donor))
        {
            reception.Logger.Stranger(peer);
            return new(0, HandoverReplies.NoMember);
        }
        limit.CancelAfter(MembersLimit);
        _donor = ticket.Donor;
        _number = reception.Enter(_donor);
        return new(reception.Spool.Id, null);
    }

    private async ValueTask<Reply> AdmitAsync(HandedMessage message, CancellationTokenSource limit)
    {
        if (!TryName(message.Id, message.Mark, out var handover))
        {
            return HandoverReplies.Syntax;
        }
        // What has been had is acknowledged however full we are.
        var offered = await reception.Spool.BeginReceivingAsync(handover, limit.Token).ConfigureAwait(false);
        switch (offered.Verdict)
        {
            case HandoverVerdict.Had:
                return HandoverReplies.HadAlready;
            case HandoverVerdict.Busy:
                return HandoverReplies.Busy;
            case HandoverVerdict.Void:
                return HandoverReplies.Void;
        }
        _writer = offered.Writer;
        if (reception.Refusal() is { } refusal)
        {
            Abandon();
            return refusal;
        }
        return HandoverReplies.Send;
    }

    private async ValueTask<Reply?> ReadStateAsync(HandedMessage message, CancellationTokenSource limit)
    {
        var octets = new byte[message.StateSize];
        var filled = 0;
        await TakeAsync(octets.Length, (part, _) =>
        {
            part.CopyTo(octets.AsSpan(filled));
            filled += (int)part.Length;
            return default;
        }, limit).ConfigureAwait(false);
        _block = MessageBlock.Read(octets);
        return _block is null ? HandoverReplies.StateUnreadable : null;
    }

    private async ValueTask<Reply?> StoreAsync(HandedMessage message, CancellationTokenSource limit)
    {
        var (writer, block) = (_writer!, _block!);
        await TakeAsync(message.ContentSize, (part, cancellation) =>
        {
            foreach (var memory in part)
            {
                writer.Write(memory.Span);
            }
            return writer.DrainAsync(cancellation);
        }, limit).ConfigureAwait(false);
        (_writer, _block) = (null, null);
        try
        {
            await FlushUnlessMoreAsync(limit).ConfigureAwait(false);
            await writer.CommitReceivedAsync(block.Envelope, block.Traits, block.Entries).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            reception.Logger.NotStored(writer.Id, e);
            return Replies.LocalError;
        }
        finally
        {
            writer.Dispose();
        }
        Tell(writer.Id, block, message.ContentSize);
        return null;
    }

    private async ValueTask<Reply> AnswerAsync(HandoverCommand.Had question, CancellationTokenSource limit)
    {
        if (!TryName(question.Id, question.Mark, out var handover))
        {
            return HandoverReplies.Syntax;
        }
        try
        {
            return await reception.Spool.HasHadAsync(handover, limit.Token).ConfigureAwait(false) ? HandoverReplies.Had : HandoverReplies.Never;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return HandoverReplies.NotKnown;
        }
    }

    private async ValueTask<Reply> ForgetAsync()
    {
        if (!reception.IsNewest(_donor, _number))
        {
            return HandoverReplies.NotKnown;
        }
        try
        {
            await reception.Spool.ForgetHandoversAsync(_donor).ConfigureAwait(false);
            return HandoverReplies.Forgotten;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return HandoverReplies.NotKnown;
        }
    }

    private bool TryName(string id, int mark, out HandoverId handover)
    {
        var isName = QueueId.TryParse(id, out var message);
        handover = new(_donor, message, mark);
        return isName;
    }

    /// <summary>One event and one line a message: the queue id stays the same, so that a search for it goes on here.</summary>
    private void Tell(QueueId id, MessageBlock block, long size)
    {
        var first = block.Envelope.Destinations[0];
        var open = block.Entries.Sum(static entry => entry.Recipients.Count(static recipient => recipient.Status == RecipientStatus.Open));
        var now = reception.Time.GetUtcNow();
        reception.Events.Write(new FateEvent
        {
            Type = FateEventType.TakenOver,
            At = now,
            Id = id,
            Sender = block.Envelope.ReversePath.Address,
            Recipient = first.Recipients[0].Path.Address,
            Recipients = open,
            Destination = first.Domain.Value,
            PeerAddress = peer,
            InQueue = now - block.Envelope.Arrived,
            Size = size,
        });
        reception.Logger.TakenOver(id, block.Envelope.ReversePath.ToString(), size, open, _donor);
    }

    private void Abandon()
    {
        _writer?.Dispose();
        (_writer, _block) = (null, null);
    }

    // --- Octets ---

    private async ValueTask<ReadResult> ReadAsync(CancellationTokenSource limit)
    {
        if (_input.TryRead(out var read))
        {
            return read;
        }
        await FlushAsync(limit).ConfigureAwait(false);
        MemberHasTime(limit);
        return await _input.ReadAsync(limit.Token).ConfigureAwait(false);
    }

    private void MemberHasTime(CancellationTokenSource limit)
    {
        if (_state.IsMember)
        {
            limit.CancelAfter(MembersLimit);
        }
    }

    private async ValueTask TakeAsync(long octets, Func<ReadOnlySequence<byte>, CancellationToken, ValueTask> take, CancellationTokenSource limit)
    {
        while (octets > 0)
        {
            var read = await ReadAsync(limit).ConfigureAwait(false);
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                throw new IOException("The donor has gone within a message.");
            }
            var part = read.Buffer.Slice(0, Math.Min(octets, read.Buffer.Length));
            await take(part, limit.Token).ConfigureAwait(false);
            octets -= part.Length;
            _input.AdvanceTo(part.End);
        }
    }

    private void Send(Reply reply)
    {
        ReplyWriter.Write(_output, reply);
        _unsent += reply.Octets.Length;
    }

    private ValueTask FlushUnlessMoreAsync(CancellationTokenSource limit) => _unsent > MaxUnsent ? FlushAsync(limit) : default;

    private async ValueTask FlushAsync(CancellationTokenSource limit)
    {
        if (_unsent > 0)
        {
            _unsent = 0;
            MemberHasTime(limit);
            await _output.FlushAsync(limit.Token).ConfigureAwait(false);
        }
    }
}
