using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>
/// The durable queue of one node. What <see cref="SpoolWriter.CommitAsync"/> has returned for, it never loses; what <see cref="Record"/> was told, it
/// makes durable within milliseconds. All members may be called from any thread.
/// </summary>
public sealed partial class Spool : IAsyncDisposable
{
    // Guards the index against readers, and all that others tell the committer. Held for microseconds.
    private readonly object _gate = new();
    private readonly SpoolIndex _index;
    private readonly SpoolFormat _format;
    private readonly SpoolLayout _layout;
    private readonly IDisposable _lock;
    private readonly Dictionary<uint, Segment> _segments = [];
    private readonly SegmentLog _incoming;
    private readonly SegmentLog _deferred;
    private readonly Stack<ByteWriter> _heads = new();
    private long _openRecipients;
    private long _number;
    private long _order;
    private ulong _sequence;
    private uint _segmentNumber;
    private bool _closing;
    private bool _closed;

    private Spool(SpoolOptions options, SpoolLayout layout, SpoolFormat format, IDisposable spoolLock)
    {
        Options = options;
        Disk = options.Disk;
        Pool = new BlockPool(options.ContentMemory, DropOldestCopy);
        _layout = layout;
        _format = format;
        _lock = spoolLock;
        _index = new SpoolIndex(format.Id);
        _incoming = new SegmentLog(LogKind.Incoming, layout.Incoming);
        _deferred = new SegmentLog(LogKind.Deferred, layout.Deferred);
        _incomingBatch = new Batch(_incoming);
        _deferredBatch = new Batch(_deferred);
    }

    /// <summary>The spool's random id, half of the <see cref="QueueId"/>s it gives.</summary>
    public ulong Id => _format.Id;

    /// <summary>Where it is on the disk.</summary>
    public string Location => Options.Directory;

    /// <summary>Recipients that have not ended, in all messages.</summary>
    public long OpenRecipients => Volatile.Read(ref _openRecipients);

    internal SpoolOptions Options { get; }

    internal SpoolDisk Disk { get; }

    internal BlockPool Pool { get; }

    /// <summary>How many large files may be synced at once: they hold threads.</summary>
    internal SemaphoreSlim LargeSyncs { get; } = new(8);

    /// <summary>Begins a message. Waits while the content pool is empty; the caller must hold none of it.</summary>
    public ValueTask<SpoolWriter> BeginAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        var block = Pool.RentAsync(cancellation);
        return block.IsCompletedSuccessfully ? new(NewWriter(block.Result)) : Wait(block);

        async ValueTask<SpoolWriter> Wait(ValueTask<Block> waiting) => NewWriter(await waiting.ConfigureAwait(false));
    }

    /// <summary>Records what became of an entry's recipients; lazily durable, in at most 5 ms. The message ends with its last recipient.</summary>
    public void Record(EntryOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        Tell(outcome.Entry.Index, outcome);
    }

    /// <summary>Records that the entry's one recipient, or all its open ones, were delivered. What <see cref="Record"/> would do, without its garbage.</summary>
    public void RecordDelivered(EntryRef entry) => Tell(entry.Index, null);

    /// <summary>The name of an entry's message.</summary>
    public QueueId IdOf(EntryRef entry)
    {
        lock (_gate)
        {
            return _index.IdOf(_index.Messages[Entry(entry.Index).Message]);
        }
    }

    /// <summary>The segments that hold records, oldest first, the incoming log before the deferred.</summary>
    internal IEnumerable<Segment> Segments => _incoming.Segments.Concat(_deferred.Segments);

    /// <summary>The messages in the index that can be read.</summary>
    internal IEnumerable<QueueId> Messages()
    {
        for (var slot = 0; slot < _index.MessagesMade; slot++)
        {
            if ((_index.Messages[slot].Flags & (MessageFlags.Live | MessageFlags.SetAside)) == MessageFlags.Live)
            {
                yield return _index.IdOf(_index.Messages[slot]);
            }
        }
    }

    /// <summary>Whether a message's newest copy is in the deferred log.</summary>
    internal bool IsInDeferredLog(QueueId id)
    {
        lock (_gate)
        {
            return _index.Find(id) is >= 0 and var slot && LogOf(_index.Messages[slot]) == LogKind.Deferred;
        }
    }

    internal ByteWriter RentHead()
    {
        lock (_heads)
        {
            return _heads.TryPop(out var head) ? head : new ByteWriter(1024);
        }
    }

    internal void ReturnHead(ByteWriter head)
    {
        // Those of 50,000 recipients are not kept.
        if (head.Capacity <= 16 << 10)
        {
            lock (_heads)
            {
                if (_heads.Count < 1024)
                {
                    _heads.Push(head);
                }
            }
        }
    }

    private SpoolWriter NewWriter(Block block) => new(this, new QueueId(Id, (ulong)Interlocked.Increment(ref _number)), new PooledContent(Pool, block));

    private ref EntrySlot Entry(int entry)
    {
        if ((uint)entry >= (uint)_index.EntriesMade || (_index.Entries[entry].Flags & EntryFlags.Live) == 0)
        {
            throw new ArgumentException("The entry has ended.");
        }
        return ref _index.Entries[entry];
    }

    private LogKind LogOf(in MessageSlot message) => _segments[message.Segment].Log;
}
