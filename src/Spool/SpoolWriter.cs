using System.Buffers;
using System.Collections.Immutable;
using System.Threading.Tasks.Sources;
using MailCluster.Protocol.Content;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

/// <summary>
/// One message on its way into the spool. Content is written into blocks of the pool, once, by whoever asks for memory here; past
/// <see cref="SpoolOptions.LargeContent"/>, or where the pool is short, it goes on to a file of its own. Disposed without a commit it leaves nothing.
/// </summary>
public sealed partial class SpoolWriter : IBufferWriter<byte>, IDisposable, IValueTaskSource
{
    private readonly Spool _spool;
    private ManualResetValueTaskSourceCore<bool> _committed = new() { RunContinuationsAsynchronously = true };
    private PooledContent? _content;
    private byte[]? _oversize;
    private SafeFileHandle? _file;
    private long _fileLength;
    private uint _fileCrc = Crc32C.Initial;
    private IOException? _failure;
    private bool _committing;
    private readonly TaskCompletionSource? _settled;
    private ImmutableArray<EntryStanding> _entries;

    internal SpoolWriter(Spool spool, QueueId id, PooledContent content)
    {
        _spool = spool;
        _content = content;
        Id = id;
    }

    internal SpoolWriter(Spool spool, HandoverId handover, PooledContent content)
        : this(spool, handover.Message, content)
    {
        Handover = handover;
        _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The message's name from now on.</summary>
    public QueueId Id { get; }

    /// <summary>Octets written.</summary>
    public long Length => _fileLength + (_content?.Length ?? 0);

    /// <summary>Header, prefix and envelope, from the call of the commit to its end.</summary>
    internal ByteWriter? Head { get; private set; }

    /// <summary>What is committed.</summary>
    internal Envelope? Envelope { get; private set; }

    /// <summary>True where the content is in a file of its own.</summary>
    internal bool IsLarge => _file is not null;

    /// <summary>Octets of content.</summary>
    internal long ContentLength { get; private set; }

    /// <summary>The content in blocks; meaningless where it is large.</summary>
    internal PooledContent Content => _content!;

    /// <summary>Octets of the record.</summary>
    internal long RecordLength { get; private set; }

    /// <summary>The record's type.</summary>
    internal RecordType Type => Handover is not null ? RecordType.Snapshot : IsLarge ? RecordType.Large : RecordType.Message;

    /// <summary>What the record's header says besides.</summary>
    internal RecordFlags RecordFlags => (Envelope!.Report is null ? 0 : RecordFlags.Report) | (Handover is null ? 0 : RecordFlags.Handover | (IsLarge ? RecordFlags.LargeContent : 0));

    /// <summary>True for a report of ours, whose commit does something to the message reported. What a report that was received does has been done where it was made.</summary>
    internal bool IsReport => Envelope!.Report is not null && Handover is null;

    /// <summary>The handover by which the message is received; null for all other mail.</summary>
    internal HandoverId? Handover { get; }

    /// <summary>Of a received message: where the entries stand; null for those that have ended.</summary>
    internal StateRecord?[] States { get; private set; } = [];

    /// <summary>Of a received message: true from the call of the commit. Guarded by the spool's gate.</summary>
    internal bool IsCommitting { get; set; }

    /// <summary>Of a received message: done when it is known whether it was kept.</summary>
    internal Task Settled => _settled!.Task;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null || _committing, this);
        if (sizeHint > Block.Size)
        {
            return _oversize is { } room && room.Length >= sizeHint ? room : _oversize = new byte[sizeHint];
        }
        _oversize = null;
        if (content.Last.Used == Block.Size || sizeHint > Block.Size - content.Last.Used)
        {
            NextBlock(content);
        }
        return content.Last.Array.AsMemory(content.Last.Used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null || _committing, this);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (_oversize is { } room)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, room.Length);
            _oversize = null;
            for (var rest = room.AsSpan(0, count); rest.Length > 0;)
            {
                var target = GetSpan(1);
                var part = Math.Min(target.Length, rest.Length);
                rest[..part].CopyTo(target);
                Advance(part);
                rest = rest[part..];
            }
            return;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Block.Size - content.Last.Used);
        content.Last.Used += count;
        content.Length += count;
    }

    /// <summary>Lets full blocks go to the file where the content is large. Call between reads; completes at once where there is nothing to do. A failed write shows at the commit.</summary>
    public ValueTask DrainAsync(CancellationToken cancellation)
    {
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null || _committing, this);
        if (Length <= _spool.Options.LargeContent || content.Blocks < 8)
        {
            return default;
        }
        return new(Task.Run(() => Spill(content), cancellation));
    }

    /// <summary>
    /// The commit point: when this returns, envelope and content are on stable storage and the queue has the message. Its return alone permits 250.
    /// </summary>
    /// <exception cref="IOException">Nothing of the message is kept: answer 451.</exception>
    public ValueTask CommitAsync(Envelope envelope, ContentTraits traits)
    {
        if (Handover is not null)
        {
            throw new InvalidOperationException("A message that is received by handover is committed with where its entries stand.");
        }
        return CommitAnyAsync(envelope, traits);
    }

    private ValueTask CommitAnyAsync(Envelope envelope, ContentTraits traits)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null || _committing, this);
        if (envelope.Destinations is [] || envelope.Destinations.Any(static destination => destination.Recipients is []))
        {
            throw new ArgumentException("A message has at least one destination, and each at least one recipient.", nameof(envelope));
        }
        _committing = true;
        Envelope = envelope;
        content.Traits = traits;
        if (_file is not null || content.Length > _spool.Options.LargeContent)
        {
            return new(CommitLargeAsync(content));
        }
        try
        {
            Hand(content);
        }
        catch
        {
            Abandon();
            throw;
        }
        return new(this, _committed.Version);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A commit under way ends by itself: its blocks may be in a write.
        if (!_committing)
        {
            Abandon();
        }
    }

    void IValueTaskSource.GetResult(short token) => _committed.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _committed.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _committed.OnCompleted(continuation, state, token, flags);

    /// <summary>The message is durable and in the index. Gives up the content: the index has it now, if anybody.</summary>
    internal void Complete()
    {
        _spool.ReturnHead(Head!);
        Head = null;
        if (_file is not null)
        {
            _file.Dispose();
            _content!.Release();
        }
        _content = null;
        EndReceiving();
        _committed.SetResult(true);
    }

    /// <summary>The message is not kept.</summary>
    internal void Fail(Exception cause)
    {
        if (Head is { } head)
        {
            _spool.ReturnHead(head);
            Head = null;
        }
        Abandon();
        _committed.SetException(cause as IOException is { } failure ? new IOException(failure.Message, failure) : new IOException(cause.Message, cause));
    }

    private void Abandon()
    {
        if (_content is not { } content)
        {
            return;
        }
        _content = null;
        content.Release();
        if (_file is not null)
        {
            _file.Dispose();
            _spool.RemoveLarge(Id);
        }
        EndReceiving();
    }

    private void NextBlock(PooledContent content)
    {
        // The second condition bounds what a reader that never drains can hold.
        if (content.Length <= _spool.Options.LargeContent + 8 * Block.Size && _spool.Pool.TryRent() is { } block)
        {
            content.Append(block);
        }
        else
        {
            Spill(content);
        }
    }

    /// <summary>Writes what stands in blocks to the file, and keeps one block.</summary>
    private void Spill(PooledContent content)
    {
        try
        {
            if (_failure is null)
            {
                _file ??= _spool.CreateLarge(Id, mayBeLeftOver: Handover is not null);
                for (var block = content.First; block is not null; block = block.Following)
                {
                    if (block.Used > 0)
                    {
                        _fileCrc = Crc32C.Append(_fileCrc, block.Array.AsSpan(0, block.Used));
                        _spool.Disk.Write(_file, [block.Array.AsMemory(0, block.Used)], _fileLength);
                        _fileLength += block.Used;
                    }
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _failure = new IOException(failure.Message, failure);
        }
        content.Empty();
    }

    private async Task CommitLargeAsync(PooledContent content)
    {
        await _spool.LargeSyncs.WaitAsync().ConfigureAwait(false);
        try
        {
            await Task.Run(() => FinishFile(content)).ConfigureAwait(false);
        }
        finally
        {
            _spool.LargeSyncs.Release();
        }
        if (_failure is { } failure)
        {
            Abandon();
            throw new IOException(failure.Message, failure);
        }
        try
        {
            Hand(content);
        }
        catch
        {
            Abandon();
            throw;
        }
        await new ValueTask(this, _committed.Version).ConfigureAwait(false);
    }

    private void FinishFile(PooledContent content)
    {
        Spill(content);
        if (_failure is null)
        {
            try
            {
                // The file and its name must be there before the record that speaks of it.
                _spool.Disk.Sync(_file!);
                _spool.SyncLargeFolder();
            }
            catch (IOException failure)
            {
                _failure = failure;
            }
        }
    }

    private void Hand(PooledContent content)
    {
        var envelope = Envelope!;
        ContentLength = Length;
        var crc = _fileCrc;
        if (_file is null)
        {
            for (var block = content.First; block is not null; block = block.Following)
            {
                crc = Crc32C.Append(crc, block.Array.AsSpan(0, block.Used));
            }
        }
        Head = Handover is { } handover
            ? RecordComposer.Received(_spool.RentHead(), envelope, content.Traits, ContentLength, ~crc, handover, States, _entries)
            : RecordComposer.Message(_spool.RentHead(), envelope, content.Traits, ContentLength, ~crc);
        _entries = default;
        RecordLength = RecordHeader.Total(Head.Length - RecordHeader.Size + (_file is null ? ContentLength : 0));
        if (RecordLength > int.MaxValue / 2)
        {
            throw new IOException("The envelope is too large.");
        }
        _spool.Enqueue(this);
    }
}
