using System.Buffers;
using System.Net.Sockets;
using System.Text;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Outbound;

/// <summary>What goes out, and in which writes: with PIPELINING an envelope is one write, and the next envelope shares the write of the content before it.</summary>
internal sealed partial class OutboundConnection
{
    /// <summary>Octets of one send, which <see cref="OutboundTimeouts.DataBlock"/> is for.</summary>
    private const int Block = 256 << 10;

    private const int ReadSize = 64 << 10;

    private readonly ArrayBufferWriter<byte> _commands = new(1024);
    private byte[] _scratch = [];
    private readonly PooledBuffer _content = new(ReadSize + 4096);

    private ArrayBufferWriter<byte> Commands()
    {
        _commands.ResetWrittenCount();
        return _commands;
    }

    /// <summary>Sends all that may be sent now.</summary>
    /// <returns>Null; or why the connection is over.</returns>
    private async ValueTask<Departure?> AdvanceAsync()
    {
        _current ??= await BeginAsync().ConfigureAwait(false);
        if (_current is not { } current)
        {
            return null;
        }
        Commands();
        Compose(current);
        if (current.State.Next is TransactionSend.Content)
        {
            return await SendContentAsync(current).ConfigureAwait(false);
        }
        if (current.State.MayBeFollowed && (_next ??= await BeginAsync().ConfigureAwait(false)) is { } next)
        {
            Compose(next);
        }
        _log.Sent(_commands.WrittenSpan);
        return _commands.WrittenCount == 0 || await TrySendAsync(_commands.WrittenMemory, default, default).ConfigureAwait(false) ? null : await OnSendFailedAsync().ConfigureAwait(false);
    }

    /// <summary>Writes the commands that a transaction may send, up to its content.</summary>
    private void Compose(OutboundTransaction transaction)
    {
        var envelope = transaction.Job.Delivery.Envelope;
        for (; ; transaction.State = transaction.State.AfterSending())
        {
            switch (transaction.State.Next)
            {
                case TransactionSend.Mail:
                    ClientCommands.WriteMail(_commands, envelope.ReversePath, envelope.Parameters, _offers, transaction.HandOver, LengthOf(transaction.Job));
                    break;
                case TransactionSend.Rcpt:
                    var recipient = transaction.Job.Destination.Recipients[transaction.Number(transaction.State.SendRecipient)];
                    ClientCommands.WriteRcpt(_commands, recipient.Path, recipient.Parameters, _offers);
                    break;
                case TransactionSend.Data:
                    _commands.Write("DATA\r\n"u8);
                    break;
                case TransactionSend.Dot:
                    _commands.Write(".\r\n"u8);
                    break;
                case TransactionSend.Rset:
                    _commands.Write("RSET\r\n"u8);
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>Sends content and its end, behind the commands that are written already; and in the same write, where that may be, the next envelope.</summary>
    private async ValueTask<Departure?> SendContentAsync(OutboundTransaction current)
    {
        var job = current.Job;
        var content = job.Delivery.Content;
        var isBdat = current.HandOver.Transfer == ContentTransfer.Bdat;
        var after = current.State.AfterSending();
        if (after.MayBeFollowed)
        {
            _next ??= await BeginAsync().ConfigureAwait(false);
        }
        if (isBdat)
        {
            ClientCommands.WriteBdat(_commands, content.Length);
        }
        var head = _commands.WrittenCount;
        var mustStuff = !isBdat && (job.Converted is not null || (content.Traits & ContentTraits.HasLeadingDot) != 0);
        var isSent = true;
        if (!mustStuff && content.TryGetMemory(out var memory))
        {
            WriteTail(isBdat ? default : DotStuffer.EndOfData(content.Traits));
            Log(content.Length);
            var front = _commands.WrittenMemory[..head];
            for (; isSent && memory.Length > Block; memory = memory.Slice(Block), front = default)
            {
                isSent = await TrySendAsync(front, memory.Slice(0, Block), default).ConfigureAwait(false);
            }
            isSent = isSent && await TrySendAsync(front, memory, _commands.WrittenMemory[head..]).ConfigureAwait(false);
        }
        else
        {
            var stuffer = new DotStuffer();
            _content.Clear();
            _content.Write(_commands.WrittenSpan);
            _log.Sent(_commands.WrittenSpan);
            Commands();
            var length = LengthOf(job);
            for (long offset = 0; isSent && offset < length;)
            {
                var read = mustStuff ? await ReadStuffedAsync(job, offset).ConfigureAwait(false) : await ReadAsync(job, offset, _content.GetMemory(ReadSize)).ConfigureAwait(false);
                if (read <= 0)
                {
                    return OnUnreadable(current);
                }
                if (mustStuff)
                {
                    stuffer.Write(_scratch.AsSpan(0, read), _content);
                }
                else
                {
                    _content.Advance(read);
                }
                offset += read;
                if (_content.Count >= ReadSize && offset < length)
                {
                    isSent = await TrySendAsync(_content.Written, default, default).ConfigureAwait(false);
                    _content.Clear();
                }
            }
            if (isSent)
            {
                if (mustStuff)
                {
                    stuffer.End(_content);
                }
                WriteTail(isBdat || mustStuff ? default : DotStuffer.EndOfData(content.Traits));
                Log(length);
                isSent = await TrySendAsync(_content.Written, default, _commands.WrittenMemory).ConfigureAwait(false);
            }
            _content.Dispose();
        }
        if (!isSent)
        {
            return await OnContentBrokenOffAsync(current).ConfigureAwait(false);
        }
        current.State = after;
        return null;
    }

    private ValueTask<int> ReadStuffedAsync(OutboundJob job, long offset)
    {
        _scratch = _scratch.Length == 0 ? new byte[ReadSize] : _scratch;
        return ReadAsync(job, offset, _scratch);
    }

    /// <summary>Reads content; -1 where it cannot be read.</summary>
    private async ValueTask<int> ReadAsync(OutboundJob job, long offset, Memory<byte> buffer)
    {
        try
        {
            return job.Converted is { } converted
                ? await converted.ReadAsync(offset, buffer, default).ConfigureAwait(false)
                : await job.Delivery.Content.ReadAsync(offset, buffer, default).ConfigureAwait(false);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException)
        {
            _log.Unreadable(job.Delivery.Id, damaged);
            return -1;
        }
    }

    private void WriteTail(ReadOnlySpan<byte> endOfData)
    {
        _commands.Write(endOfData);
        if (_next is { } next)
        {
            Compose(next);
        }
    }

    private static long LengthOf(OutboundJob job) => job.Converted?.Length ?? job.Delivery.Content.Length;

    /// <summary>Takes the next transaction: of a job in hand, else of a new one. Null where there is none, or none may begin any more.</summary>
    private async ValueTask<OutboundTransaction?> BeginAsync()
    {
        while (!_isClosing && _begun < _limit)
        {
            var job = JobWithWork();
            if (job is null)
            {
                if (!TryTake(out var offered))
                {
                    return null;
                }
                job = await OpenAsync(offered).ConfigureAwait(false);
                if (job is null)
                {
                    continue;
                }
                _inHand.Add(job);
            }
            if (await PrepareAsync(job).ConfigureAwait(false) is { } transaction)
            {
                _begun++;
                return transaction;
            }
            EndIfOver(job);
        }
        return null;
    }

    private OutboundJob? JobWithWork()
    {
        foreach (var job in _inHand)
        {
            if (job.Open > 0)
            {
                return job;
            }
        }
        return null;
    }

    /// <summary>Opens a job's entry; where that fails the job has ended.</summary>
    private async ValueTask<OutboundJob?> OpenAsync(DeliveryJob offered)
    {
        try
        {
            var delivery = await _settings.Spool.OpenAsync(offered.Entry, default).ConfigureAwait(false);
            var job = _spare.TryPop(out var spare) ? spare : new OutboundJob();
            job.Begin(offered, delivery);
            return job;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException or ArgumentException)
        {
            // ArgumentException: the entry has ended meanwhile, by an operator's hand.
            _log.Unreadable(offered.Entry, damaged);
            Tell(new JobEnded(offered, null, [], Unreadable));
            _pool.Tell(_servedIdle, _self);
            return null;
        }
    }

    /// <summary>Decides how the job's next recipients go to this host; null where none of them does, and they have been told so.</summary>
    private async ValueTask<OutboundTransaction?> PrepareAsync(OutboundJob job)
    {
        var envelope = job.Delivery.Envelope;
        var content = job.Delivery.Content;
        if (!ClientCommands.IsSafe(envelope.ReversePath.Address ?? ""))
        {
            job.RefuseOpen(LocalFailure(LocalReplies.BadAddress), _peer!);
            return null;
        }
        var transaction = _spareTransactions.TryPop(out var spare) ? spare : new OutboundTransaction();
        transaction.Take(job, _recipientLimit);
        var hasUtf8 = DropUnsafe(transaction);
        var handOver = HandOver.Decide(_offers, envelope.ReversePath, envelope.Parameters, hasUtf8, content.Traits, content.Length);
        if (handOver.Refusal is null && handOver.NeedsConversion)
        {
            var refusal = await ConvertAsync(job).ConfigureAwait(false) ?? (_offers.SizeLimit > 0 && LengthOf(job) > _offers.SizeLimit
                ? LocalReplies.TooLargeForHost(LengthOf(job), _offers.SizeLimit) : null);
            handOver = handOver with { Refusal = refusal };
        }
        else if (job.Converted is { } converted)
        {
            // Made for another host; this one takes the original.
            converted.Dispose();
            job.Converted = null;
        }
        if (handOver.Refusal is { } reason)
        {
            transaction.RefuseRest(LocalFailure(reason), _peer!);
        }
        if (transaction.Recipients.Count == 0)
        {
            End(transaction);
            return null;
        }
        transaction.Begin(handOver, _offers.Pipelining);
        return transaction;
    }

    /// <summary>Refuses the recipients whose address cannot be named in a command. True where one of the others is not ASCII.</summary>
    private bool DropUnsafe(OutboundTransaction transaction)
    {
        var recipients = transaction.Job.Destination.Recipients;
        var hasUtf8 = false;
        for (var place = transaction.Recipients.Count - 1; place >= 0; place--)
        {
            var address = recipients[transaction.Recipients[place]].Path.Address;
            if (!ClientCommands.IsSafe(address))
            {
                transaction.Refuse(place, LocalFailure(LocalReplies.BadAddress), _peer!);
                transaction.Recipients.RemoveAt(place);
                continue;
            }
            hasUtf8 |= !Ascii.IsValid(address);
        }
        return hasUtf8;
    }

    private async ValueTask<Reply?> ConvertAsync(OutboundJob job)
    {
        if (job.Converted is not null)
        {
            return null;
        }
        try
        {
            var (content, reason) = await ConvertedContent.ConvertAsync(job.Delivery.Content, _settings.Temporary).ConfigureAwait(false);
            job.Converted = content;
            return reason is null ? null : LocalReplies.CannotConvert(reason);
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException)
        {
            _log.Unreadable(job.Delivery.Id, damaged);
            return LocalReplies.Unreadable;
        }
    }

    private ValueTask<bool> TrySendAsync(ReadOnlyMemory<byte> head, ReadOnlySequence<byte> content, ReadOnlyMemory<byte> tail) =>
        TrySendAsync(head, content, tail, _settings.Options.Timeouts.DataBlock);

    private async ValueTask<bool> TrySendAsync(ReadOnlyMemory<byte> head, ReadOnlySequence<byte> content, ReadOnlyMemory<byte> tail, TimeSpan wait)
    {
        _isIdle = false;
        _deadline.Arm(wait);
        try
        {
            await _transport!.SendAsync(head, content, tail).ConfigureAwait(false);
            return true;
        }
        catch (Exception broken) when (broken is SocketException or IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void Log(long octets)
    {
        _log.SentContent(octets);
        _log.Sent(_commands.WrittenSpan);
    }

    private static DeliveryFailure Unreadable { get; } = new(FailureScope.Transaction, LocalReplies.Unreadable, null, IsLocal: true);

    private DeliveryFailure LocalFailure(Reply reply) => new(FailureScope.Transaction, reply, _peer!.Host, IsLocal: true);
}
