using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>
/// What the spool knows of its messages in memory: a slot a message, a slot an entry, no object for either. Written by the committer alone, under the
/// spool's lock; the committer reads without it.
/// </summary>
internal sealed class SpoolIndex
{
    private readonly ChunkedArray<int> _buckets = new();
    private readonly List<ulong> _spools = [];
    private int _bucketCount;
    private int _level;
    private int _split;
    private int _messageCount;
    private SlotList _freeMessages = new();
    private SlotList _freeEntries = new();
    private int _messagesMade;
    private int _entriesMade;

    /// <summary>An index of a spool.</summary>
    public SpoolIndex(ulong spool)
    {
        _spools.Add(spool);
        for (; _bucketCount < 64; _bucketCount++)
        {
            _buckets.Ensure(_bucketCount);
            _buckets[_bucketCount] = -1;
        }
        _level = 64;
    }

    /// <summary>The messages.</summary>
    public ChunkedArray<MessageSlot> Messages { get; } = new();

    /// <summary>The entries.</summary>
    public ChunkedArray<EntrySlot> Entries { get; } = new();

    /// <summary>The destinations.</summary>
    public DomainTable Domains { get; } = new();

    /// <summary>Messages in it.</summary>
    public int Count => _messageCount;

    /// <summary>Slots of messages ever made, free ones too.</summary>
    public int MessagesMade => _messagesMade;

    /// <summary>Slots of entries ever made, free ones too.</summary>
    public int EntriesMade => _entriesMade;

    /// <summary>The name of a message.</summary>
    public QueueId IdOf(in MessageSlot message) => new(_spools[message.Spool], message.Number);

    /// <summary>The slot of a message, or -1.</summary>
    public int Find(QueueId id)
    {
        for (var slot = _buckets[Bucket(id.Number)]; slot >= 0; slot = Messages[slot].NextInBucket)
        {
            ref var message = ref Messages[slot];
            if (message.Number == id.Number && _spools[message.Spool] == id.Spool)
            {
                return slot;
            }
        }
        return -1;
    }

    /// <summary>Adds a message without entries.</summary>
    public int AddMessage(QueueId id, uint segment, uint offset, uint length, bool largeContent)
    {
        var slot = _freeMessages.Take(Messages, static (messages, free) => messages[free].FirstEntry);
        if (slot < 0)
        {
            slot = _messagesMade++;
            Messages.Ensure(slot);
        }
        var bucket = Bucket(id.Number);
        Messages[slot] = new MessageSlot
        {
            Number = id.Number,
            Spool = SpoolNumber(id.Spool),
            Segment = segment,
            Offset = offset,
            Length = length,
            FirstEntry = -1,
            Hot = -1,
            NextInBucket = _buckets[bucket],
            Flags = MessageFlags.Live | (largeContent ? MessageFlags.LargeContent : 0),
        };
        _buckets[bucket] = slot;
        _messageCount++;
        if (_messageCount > 2 * _bucketCount)
        {
            Split();
        }
        return slot;
    }

    /// <summary>Adds an entry to a message.</summary>
    public int AddEntry(int message, int number, DomainName domain, int recipients)
    {
        var slot = _freeEntries.Take(Entries, static (entries, free) => entries[free].Next);
        if (slot < 0)
        {
            slot = _entriesMade++;
            Entries.Ensure(slot);
        }
        ref var owner = ref Messages[message];
        Entries[slot] = new EntrySlot
        {
            Message = message,
            Next = owner.FirstEntry,
            Number = number,
            Domain = Domains.Use(domain),
            Open = recipients,
            Flags = EntryFlags.Live | (recipients == 1 ? EntryFlags.Single : 0),
        };
        owner.FirstEntry = slot;
        owner.LiveEntries++;
        return slot;
    }

    /// <summary>The entry of a message by the number of its destination, or -1 where it has ended.</summary>
    public int FindEntry(int message, int number)
    {
        var slot = Messages[message].FirstEntry;
        while (slot >= 0 && Entries[slot].Number != number)
        {
            slot = Entries[slot].Next;
        }
        return slot;
    }

    /// <summary>Takes an entry out. Its slot is used again as late as possible.</summary>
    public void RemoveEntry(int entry)
    {
        ref var gone = ref Entries[entry];
        ref var owner = ref Messages[gone.Message];
        if (owner.FirstEntry == entry)
        {
            owner.FirstEntry = gone.Next;
        }
        else
        {
            var before = owner.FirstEntry;
            while (Entries[before].Next != entry)
            {
                before = Entries[before].Next;
            }
            Entries[before].Next = gone.Next;
        }
        owner.LiveEntries--;
        Domains.Release(gone.Domain);
        gone = new EntrySlot { Next = -1 };
        _freeEntries.Add(entry, Entries, static (entries, slot, next) => entries[slot].Next = next);
    }

    /// <summary>Takes a message out that has no entries left.</summary>
    public void RemoveMessage(int message)
    {
        ref var gone = ref Messages[message];
        var bucket = Bucket(gone.Number);
        if (_buckets[bucket] == message)
        {
            _buckets[bucket] = gone.NextInBucket;
        }
        else
        {
            var before = _buckets[bucket];
            while (Messages[before].NextInBucket != message)
            {
                before = Messages[before].NextInBucket;
            }
            Messages[before].NextInBucket = gone.NextInBucket;
        }
        _messageCount--;
        gone = new MessageSlot { FirstEntry = -1, Hot = -1 };
        _freeMessages.Add(message, Messages, static (messages, slot, next) => messages[slot].FirstEntry = next);
    }

    private ushort SpoolNumber(ulong spool)
    {
        var number = _spools.IndexOf(spool);
        if (number < 0)
        {
            number = _spools.Count;
            _spools.Add(spool);
        }
        return checked((ushort)number);
    }

    // Linear hashing: the table grows by one bucket at a time, so no insertion ever stops to move a million.
    private int Bucket(ulong number)
    {
        var hash = (int)((number * 0x9E3779B97F4A7C15) >> 33);
        var bucket = hash & (_level - 1);
        return bucket < _split ? hash & (2 * _level - 1) : bucket;
    }

    private void Split()
    {
        var slot = _buckets[_split];
        _buckets.Ensure(_bucketCount);
        _buckets[_split] = -1;
        _buckets[_bucketCount] = -1;
        _bucketCount++;
        if (++_split == _level)
        {
            _level *= 2;
            _split = 0;
        }
        while (slot >= 0)
        {
            ref var message = ref Messages[slot];
            var next = message.NextInBucket;
            var bucket = Bucket(message.Number);
            message.NextInBucket = _buckets[bucket];
            _buckets[bucket] = slot;
            slot = next;
        }
    }

    /// <summary>Free slots, first in, first out, chained through themselves.</summary>
    private struct SlotList
    {
        private int _first = -1;
        private int _last = -1;

        public SlotList() { }

        public int Take<T>(ChunkedArray<T> slots, Func<ChunkedArray<T>, int, int> next)
            where T : struct
        {
            var taken = _first;
            if (taken >= 0)
            {
                _first = next(slots, taken);
                _last = _first < 0 ? -1 : _last;
            }
            return taken;
        }

        public void Add<T>(int slot, ChunkedArray<T> slots, Action<ChunkedArray<T>, int, int> link)
            where T : struct
        {
            link(slots, slot, -1);
            if (_last < 0)
            {
                _first = slot;
            }
            else
            {
                link(slots, _last, slot);
            }
            _last = slot;
        }
    }
}
