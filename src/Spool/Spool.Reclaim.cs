namespace MailCluster.Spool;

// How live mail is carried out of the way, so that the logs can be dropped from their front.
public sealed partial class Spool
{
    private const long CarriedAtOnce = 1 << 20;
    private const int IdleTicks = 5;

    private readonly Queue<CarriedMessage> _carriedReady = new();
    private readonly List<CarriedMessage> _carriedRead = [];
    private Segment? _carrying;
    private int _carryingNext;
    private bool _isReadingToCarry;
    private bool _hasSealed;
    private bool _carriesFreely;
    private long _carryBudget;
    private long _writtenAtTick;
    private long _written;
    private int _quietTicks;

    /// <summary>Octets written by carrying since the spool was opened.</summary>
    internal long CarriedOctets { get; private set; }

    /// <summary>Octets written in all since the spool was opened, carrying aside.</summary>
    internal long WrittenOctets => _written;

    /// <summary>Decides whether the front of a log is worth carrying.</summary>
    private void ConsiderCarrying()
    {
        _quietTicks = _written == _writtenAtTick ? _quietTicks + 1 : 0;
        _writtenAtTick = _written;
        FindToCarry();
    }

    private void FindToCarry()
    {
        if (_carrying is null && !_isReadingToCarry && (Candidate(_incoming) ?? Candidate(_deferred)) is { } front)
        {
            _carrying = front;
            _carryingNext = 0;
        }
    }

    private Segment? Candidate(SegmentLog log)
    {
        if (log.Segments.First is not { Value: { IsSealed: true, Holds: 0 } front } || front.LiveMessages == 0)
        {
            return null;
        }
        var (octets, live) = (log.Octets, log.LiveOctets);
        if (octets > Math.Max(Options.ReclaimAbove, 2 * live))
        {
            return front;
        }
        // Near the limit, as long as it gains at least a segment and a tenth; when idle, where the front is mostly dead.
        var gains = octets - live > Math.Max(Options.SegmentSize, octets / 10);
        return (_isFull && gains) || (_quietTicks >= IdleTicks && front.LiveOctets < front.End / 2) ? front : null;
    }

    /// <summary>Has the next messages of the segment read, within the budget: an octet carried for each written, save when idle or short of room.</summary>
    private void Carry()
    {
        if (_carrying is not { } segment)
        {
            return;
        }
        _carriesFreely = _isFull || _quietTicks >= IdleTicks;
        if (segment.LiveMessages == 0 || _carryingNext >= segment.Members.Count && _carriedReady.Count == 0 && !_isReadingToCarry && _carriedRead.Count == 0)
        {
            // What is left there was passed over: an outcome of it was under way. The next look takes it up again.
            _carrying = null;
            _hasSealed |= segment.LiveMessages == 0;
            return;
        }
        if (_isReadingToCarry || _carriedReady.Count > 0 || (!_carriesFreely && _carryBudget <= 0))
        {
            return;
        }
        _isReadingToCarry = true;
        Chore(() => ReadToCarry(segment));
    }

    private void ReadToCarry(Segment segment)
    {
        var octets = 0L;
        var read = new List<CarriedMessage>();
        // A slot stands there twice where it was used again within the segment; one copy is enough, and two would be counted as two messages.
        var slots = new HashSet<int>();
        try
        {
            while (octets < CarriedAtOnce && _carryingNext < segment.Members.Count)
            {
                var slot = segment.Members[_carryingNext];
                MessageSlot message;
                QueueId id;
                lock (_gate)
                {
                    message = _index.Messages[slot];
                    if (!slots.Add(slot) || message.Segment != segment.Number || (message.Flags & (MessageFlags.Live | MessageFlags.SetAside)) != MessageFlags.Live)
                    {
                        _carryingNext++;
                        continue;
                    }
                    id = _index.IdOf(message);
                }
                try
                {
                    var loaded = LoadMessage(segment, message, id);
                    var record = GC.AllocateUninitializedArray<byte>(RecordHeader.Size + (int)loaded.Header.Length, pinned: true);
                    if (Disk.Read(segment.File, record, message.Offset) < record.Length)
                    {
                        throw new InvalidDataException("Its record is cut off.");
                    }
                    var carried = new CarriedMessage(slot, segment, message.Offset, loaded, record);
                    if ((message.Flags & MessageFlags.LargeContent) == 0 && Crc32C.Of(carried.Content.Span) != loaded.Prefix.ContentCrc)
                    {
                        throw new InvalidDataException("Its content does not match its checksum.");
                    }
                    read.Add(carried);
                    octets += record.Length;
                }
                catch (InvalidDataException damage)
                {
                    SetAside(id, damage.Message);
                }
                _carryingNext++;
            }
        }
        finally
        {
            lock (_gate)
            {
                _carriedRead.AddRange(read);
                _isReadingToCarry = false;
                _isCarriedRead = true;
                WakeCommitter();
            }
        }
    }

    private bool _isCarriedRead;

    /// <summary>Takes what was read. Under the gate.</summary>
    private void TakeCarried()
    {
        foreach (var carried in _carriedRead)
        {
            _carriedReady.Enqueue(carried);
        }
        _carriedRead.Clear();
        _isCarriedRead = false;
    }

    private void DropCarried()
    {
        _carriedReady.Clear();
        _carrying = null;
    }

    private bool IsStillThere(CarriedMessage carried)
    {
        ref var message = ref _index.Messages[carried.Message];
        return (message.Flags & (MessageFlags.Live | MessageFlags.SetAside)) == MessageFlags.Live && message.Segment == carried.Source.Number
            && message.Offset == carried.Offset && carried.Source.Holds == 0;
    }

    private void ComposeCarried(Batch batch)
    {
        while (_carriedReady.TryPeek(out var carried))
        {
            if (!IsStillThere(carried) || !TryComposeStates(carried))
            {
                _carriedReady.Dequeue();
                continue;
            }
            var head = carried.Head!;
            var total = RecordHeader.Total(head.Length - RecordHeader.Size + carried.Content.Length);
            if (total > batch.Room || (!batch.IsFirst && batch.Length + total > BatchLimit))
            {
                return;
            }
            _carriedReady.Dequeue();
            ref var message = ref _index.Messages[carried.Message];
            var flags = batch.Next(total, out var offset) | ((message.Flags & MessageFlags.LargeContent) != 0 ? RecordFlags.LargeContent : 0)
                | (carried.Loaded.Header.Flags & RecordFlags.Report) | (carried.IsCounted ? RecordFlags.Handover : 0);
            var payload = head.Length - RecordHeader.Size;
            var header = new RecordHeader(
                RecordType.Snapshot, flags, carried.Loaded.Header.Id, (uint)(payload + carried.Content.Length), (uint)payload, Crc32C.Of(head.Span[RecordHeader.Size..]),
                batch.Segment!.Number, ++_sequence, 0);
            header.Write(head.Span, _format.Seed(batch.Segment.Number));
            batch.CarriedVectors.Add(head.Memory);
            if (carried.Content.Length > 0)
            {
                batch.CarriedVectors.Add(carried.Content);
            }
            Batch.Pad(batch.CarriedVectors, head.Length + carried.Content.Length);
            batch.Carried.Add((carried, header, offset));
        }
    }

    /// <summary>Adds to the copy where its entries stand; false where an outcome of one is just being written.</summary>
    private bool TryComposeStates(CarriedMessage carried)
    {
        if ((_index.Messages[carried.Message].Flags & MessageFlags.InBatch) != 0)
        {
            return false;
        }
        var count = carried.Loaded.Envelope.Destinations.Length;
        carried.Entries = new int[count];
        carried.States = new StateRecord[count];
        Array.Fill(carried.Entries, -1);
        for (var entry = _index.Messages[carried.Message].FirstEntry; entry >= 0; entry = _index.Entries[entry].Next)
        {
            if ((_index.Entries[entry].Flags & EntryFlags.InBatch) != 0)
            {
                return false;
            }
            carried.Entries[_index.Entries[entry].Number] = entry;
        }
        var head = new ByteWriter(1024);
        head.Reserve(RecordHeader.Size);
        head.Bytes(carried.Record.Span.Slice(RecordHeader.Size, MessagePrefix.Size + (int)carried.Loaded.Prefix.EnvelopeLength));
        for (var i = 0; i < count; i++)
        {
            if (carried.Entries[i] < 0)
            {
                SnapshotStates.WriteEnded(head);
                continue;
            }
            ref var entry = ref _index.Entries[carried.Entries[i]];
            try
            {
                var (state, recipients) = Load(entry, carried.Loaded) ?? throw new InvalidDataException("A state record is missing.");
                carried.States[i] = state with { Open = entry.Open, Owed = entry.Owed, Attempts = entry.Attempts, Total = recipients.Length };
                SnapshotStates.Write(head, carried.States[i], recipients);
            }
            catch (InvalidDataException damage)
            {
                SetAside(carried.Loaded.Header.Id, damage.Message);
                return false;
            }
        }
        ComposeMark(carried, head);
        carried.Head = head;
        return true;
    }

    /// <summary>Adds how often the message has been marked, and for whom it is marked. From whom it was received, the segment of the older copy says before it goes.</summary>
    private void ComposeMark(CarriedMessage carried, ByteWriter head)
    {
        var isMarked = _handovers.TryGetValue(carried.Message, out var mark);
        carried.IsCounted = isMarked || (_index.Messages[carried.Message].Flags & MessageFlags.Counted) != 0;
        if (!carried.IsCounted)
        {
            return;
        }
        carried.Trailer = new(0, mark.Receiver);
        carried.Handovers = isMarked ? mark.Number : carried.Loaded.Prefix.Handovers;
        (carried.Loaded.Prefix with { Handovers = (ushort)carried.Handovers }).Write(head.Span[RecordHeader.Size..]);
        carried.Trailer.Write(head);
    }

    private void ApplyCarried(Segment segment, CarriedMessage carried, in RecordHeader header, long offset)
    {
        ref var message = ref _index.Messages[carried.Message];
        carried.Source.LiveMessages--;
        carried.Source.LiveOctets -= message.Length;
        (message.Segment, message.Offset, message.Length) = (segment.Number, (uint)offset, (uint)header.TotalLength);
        segment.LiveMessages++;
        segment.LiveOctets += header.TotalLength;
        segment.Members.Add(carried.Message);
        segment.CarriedFrom.Add(carried.Source.Number);
        CarriedOctets += header.TotalLength;
        _carryBudget -= header.TotalLength;
        var rows = segment.Rows!;
        rows.Begin(header, offset);
        var destinations = carried.Loaded.Envelope.Destinations;
        rows.Message(carried.Loaded.Prefix.Arrived, carried.Loaded.Prefix.ContentLength, destinations.Length);
        for (var i = 0; i < destinations.Length; i++)
        {
            rows.Destination(destinations[i].Domain, destinations[i].Recipients.Length);
            rows.Ended(carried.Entries[i] < 0);
            if (carried.Entries[i] >= 0)
            {
                rows.State(carried.States[i]);
                ref var entry = ref _index.Entries[carried.Entries[i]];
                (entry.StateSegment, entry.StateOffset, entry.Depth) = (0, 0, 0);
            }
        }
        if (carried.IsCounted)
        {
            rows.Handover(carried.Handovers, carried.Trailer);
            message.Flags |= MessageFlags.Counted;
            if (carried.Trailer.Receiver is null)
            {
                _handovers.Remove(carried.Message);
            }
        }
    }

    /// <summary>Gives back the blocks that a segment which is not written any more did not use, and writes its sidecar: in this order, since on a full disk there may be no room for the sidecar before.</summary>
    private void Finish(Segment segment)
    {
        if (segment.Size > segment.End)
        {
            using var file = Disk.OpenWrite(segment.Path);
            Disk.Truncate(file, segment.End);
            segment.Size = segment.End;
        }
        if (segment.Rows is { } rows)
        {
            Sidecar.Write(Disk, segment, rows, Id);
            Disk.SyncDirectory(Path.GetDirectoryName(segment.Path)!);
            segment.Rows = null;
        }
    }
}
