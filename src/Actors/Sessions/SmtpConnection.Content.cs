using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using MailCluster.Spool;

namespace MailCluster.Actors.Sessions;

// How content gets from the wire into the spool.
public sealed partial class SmtpConnection
{
    // A receiver that has met a fault writes nothing more; this stands in for the writer that has been given back.
    private static readonly ArrayBufferWriter<byte> s_nowhere = new();

    private SpoolWriter? _writer;
    private ContentReceiver? _receiver;
    private string? _queueId;

    private async ValueTask<Outcome.SpoolOpened> OpenSpoolAsync(MailTransaction mail)
    {
        if (_waiting is null or { IsCancellationRequested: true })
        {
            _waiting = CancellationTokenSource.CreateLinkedTokenSource(_context.ConnectionClosed);
        }
        try
        {
            var begin = _reception.Spool.BeginAsync(_waiting.Token);
            if (!begin.IsCompleted)
            {
                Arm();
                await FlushAsync().ConfigureAwait(false);
            }
            _writer = await begin.ConfigureAwait(false);
            Disarm();
        }
        catch (OperationCanceledException) when (!_context.ConnectionClosed.IsCancellationRequested)
        {
            // The wait is over, not the session.
            Disarm();
            return new(_ending ?? Replies.SystemFull);
        }
        catch (IOException e)
        {
            Logger.NotStored(e, "", ClientAddress, _handle.Id);
            return new(Replies.LocalError);
        }
        catch (ObjectDisposedException)
        {
            return new(Replies.NotAvailable);
        }
        _receiver = new(_listener.Content);
        _queueId = _writer.Id.ToString();
        ReceivedField.Write(
            _writer, mail.Peer.Name, _client.Address, _reception.Hostname, mail.Protocol, _queueId,
            mail.Count == 1 ? mail.Recipients[0].ForwardPath.Address : null, _reception.Time.GetUtcNow());
        return default;
    }

    /// <summary>Takes what follows DATA. False: the session ended meanwhile.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveDataAsync()
    {
        while (true)
        {
            var read = await ReadContentAsync().ConfigureAwait(false);
            if (_session.State is SessionState.Closed)
            {
                return false;
            }
            var (end, complete) = TakeData(read.Buffer);
            _input.AdvanceTo(end);
            if (complete)
            {
                return true;
            }
            await GoOnAsync(read.IsCompleted).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a chunk. False: the session ended meanwhile.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReceiveChunkAsync(long size, bool last)
    {
        while (size > 0)
        {
            var read = await ReadContentAsync().ConfigureAwait(false);
            if (_session.State is SessionState.Closed)
            {
                return false;
            }
            var part = read.Buffer.Length > size ? read.Buffer.Slice(0, size) : read.Buffer;
            size -= part.Length;
            foreach (var memory in part)
            {
                _receiver!.ReceiveChunk(memory.Span, Output);
            }
            _input.AdvanceTo(part.End);
            await GoOnAsync(read.IsCompleted && size > 0).ConfigureAwait(false);
        }
        if (last)
        {
            _receiver!.EndChunks(Output);
        }
        return true;
    }

    /// <summary>Swallows a chunk that is refused, so that its octets are not read as commands. False: the session ended meanwhile.</summary>
    private async ValueTask<bool> SkipAsync(long size)
    {
        if (_transactionDeadline == long.MaxValue)
        {
            BeginTransactionTime();
        }
        while (size > 0)
        {
            var read = await ReadContentAsync().ConfigureAwait(false);
            if (_session.State is SessionState.Closed)
            {
                return false;
            }
            var part = read.Buffer.Length > size ? read.Buffer.Slice(0, size) : read.Buffer;
            size -= part.Length;
            _input.AdvanceTo(part.End);
            Arm();
            if (read.IsCompleted && size > 0)
            {
                throw new IOException("The client is gone.");
            }
        }
        return true;
    }

    /// <summary>Where content goes.</summary>
    private IBufferWriter<byte> Output => _writer ?? (IBufferWriter<byte>)s_nowhere;

    /// <summary>The next octets, or the end of the session, which is then told.</summary>
    private ValueTask<ReadResult> ReadContentAsync() => _input.TryRead(out var read) && !read.IsCanceled ? new(read) : AwaitContentAsync(read);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> AwaitContentAsync(ReadResult read)
    {
        while (true)
        {
            if (read.IsCanceled)
            {
                if (Ending() is { } ending)
                {
                    _input.AdvanceTo(read.Buffer.Start);
                    Send(_session.End(ending));
                    return default;
                }
                if (!read.Buffer.IsEmpty)
                {
                    return new(read.Buffer, false, read.IsCompleted);
                }
                _input.AdvanceTo(read.Buffer.Start);
            }
            Arm();
            await FlushAsync().ConfigureAwait(false);
            read = await _input.ReadAsync().ConfigureAwait(false);
            if (!read.IsCanceled)
            {
                return read;
            }
        }
    }

    private (SequencePosition End, bool Complete) TakeData(in ReadOnlySequence<byte> input)
    {
        if (input.IsSingleSegment)
        {
            var complete = _receiver!.ReceiveData(input.FirstSpan, Output, out var consumed) == ContentProgress.Complete;
            return (input.GetPosition(consumed), complete);
        }
        var taken = 0L;
        foreach (var memory in input)
        {
            var complete = _receiver!.ReceiveData(memory.Span, Output, out var consumed) == ContentProgress.Complete;
            taken += consumed;
            if (complete)
            {
                return (input.GetPosition(taken), true);
            }
        }
        return (input.End, false);
    }

    /// <summary>Between two reads: room is made in the writer, or it is given back where the message will not be kept.</summary>
    private ValueTask GoOnAsync(bool isOver)
    {
        if (isOver)
        {
            throw new IOException("The client is gone.");
        }
        Arm();
        if (_receiver!.Fault != ContentFault.None && _writer is not null)
        {
            _writer.Dispose();
            _writer = null;
        }
        return _writer?.DrainAsync(CancellationToken.None) ?? default;
    }

    private void ReleaseContent()
    {
        _writer?.Dispose();
        _writer = null;
        _receiver = null;
        _queueId = null;
    }
}
