using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

// What was in the spool when it was opened: all records of both logs, applied in the one order that they were written in.
public sealed partial class Spool
{
    private readonly Dictionary<ulong, (uint Segment, uint Offset)> _reports = [];
    private readonly HashSet<QueueId> _unreadable = [];
    private ChunkedArray<FoundMessage>? _foundMessages = new();
    private ChunkedArray<long>? _foundEntries = new();

    private void Recover()
    {
        ReadReceived();
        var cursors = new[] { _incoming, _deferred }.Select(log => new RowCursor(Rows(log, FindSegments(log)).GetEnumerator())).Where(static cursor => cursor.Advance()).ToList();
        while (cursors.Count > 0)
        {
            var next = cursors.Count == 1 || cursors[0].Sequence < cursors[1].Sequence ? cursors[0] : cursors[1];
            ApplyRow(next);
            if (!next.Advance())
            {
                cursors.Remove(next);
            }
        }
        foreach (var id in _unreadable)
        {
            _keptLarge.Add(id);
            if (_index.Find(id) is >= 0 and var slot)
            {
                ref var message = ref _index.Messages[slot];
                _toSetAside.Add((_segments[message.Segment], message.Offset, message.Length, id));
                MarkSetAside(slot);
            }
        }
        _openRecipients = 0;
        for (var entry = 0; entry < _index.EntriesMade; entry++)
        {
            ref var slot = ref _index.Entries[entry];
            if ((slot.Flags & EntryFlags.Live) != 0 && (_index.Messages[slot.Message].Flags & MessageFlags.SetAside) == 0)
            {
                _openRecipients += slot.Open + slot.Owed;
            }
        }
        _numberAtOpen = (ulong)_number;
        FindMissingEffects();
        DamageAtOpen = [.. _damage];
    }

    private IEnumerable<(Segment Segment, SidecarRows Rows)> Rows(SegmentLog log, List<(Segment Segment, long? End)> segments)
    {
        byte[] buffer = [];
        foreach (var (segment, knownEnd) in segments)
        {
            var found = Sidecar.Read(Disk, segment, Id, knownEnd, ref buffer) ?? Scan(segment, knownEnd);
            segment.End = found.End;
            log.Segments.AddLast(segment);
            log.LastNumber = segment.Number;
            log.LastEnd = found.End;
            _segments.Add(segment.Number, segment);
            yield return (segment, found);
        }
    }

    private SidecarRows Scan(Segment segment, long? knownEnd)
    {
        var rows = new SegmentRows();
        var scan = new SegmentScan(Disk, segment, _format)
        {
            Sound = (in RecordHeader header, long offset, ReadOnlySpan<byte> part) => AddRow(rows, header, offset, part),
            Damage = (offset, length, header) => FoundDamage(segment, offset, length, header),
        };
        var end = scan.Run(knownEnd);
        if (knownEnd is null)
        {
            // What a killed process wrote may not have reached the disk; before anything builds on it, it must.
            Disk.Sync(segment.File);
        }
        segment.Rows = rows;
        _unfinished.Add(segment);
        return new(rows.Bytes.Memory, rows.Domains, end);
    }

    private static void AddRow(SegmentRows rows, in RecordHeader header, long offset, ReadOnlySpan<byte> part)
    {
        var start = rows.Bytes.Length;
        rows.Begin(header, offset);
        var reader = new ByteReader(part);
        switch (header.Type)
        {
            case RecordType.Message or RecordType.Large or RecordType.Snapshot when MessagePrefix.TryRead(part, out var prefix):
                reader.Take(MessagePrefix.Size);
                var states = new ByteReader(part[(MessagePrefix.Size + (int)prefix.EnvelopeLength)..]);
                var destinations = reader.Count();
                rows.Message(prefix.Arrived, prefix.ContentLength, destinations);
                for (var i = 0; i < destinations; i++)
                {
                    rows.Destination(new DomainName(reader.Text()), reader.Count());
                    if (header.Type == RecordType.Snapshot)
                    {
                        var state = SnapshotStates.Next(ref states);
                        rows.Ended(state is null);
                        if (state is { } numbers)
                        {
                            rows.State(numbers);
                        }
                    }
                }
                if ((header.Flags & RecordFlags.Handover) != 0)
                {
                    rows.Handover(prefix.Handovers, HandoverTrailer.Read(ref states));
                }
                break;
            case RecordType.Handing or RecordType.Kept or RecordType.HandedOver:
                rows.Mark(header.Argument, header.Type == RecordType.Handing ? reader.String() : null);
                break;
            case RecordType.State or RecordType.Done:
                rows.Outcome(header.Argument, (header.Flags & RecordFlags.FromReport) != 0 ? reader.Fixed64() : 0);
                if (header.Type == RecordType.State)
                {
                    rows.State(StateRecord.Read(ref reader));
                }
                break;
        }
    }

    private void FoundDamage(Segment segment, long offset, long length, RecordHeader? header)
    {
        Note(new($"{segment.Path}, octet {offset}", header?.Id ?? default, $"{length} octets cannot be read."));
        _toSetAside.Add((segment, offset, length, header?.Id ?? default));
        // These say all in their headers; the rest names a message that can no longer be told whole.
        if (header is { Type: not (RecordType.Done or RecordType.Kept or RecordType.HandedOver) } known)
        {
            _unreadable.Add(known.Id);
        }
    }

    private void ApplyRow(RowCursor row)
    {
        _sequence = Math.Max(_sequence, row.Sequence);
        if (row.Id.Spool == Id)
        {
            _number = Math.Max(_number, (long)row.Id.Number);
        }
        switch (row.Type)
        {
            case RecordType.Message or RecordType.Large or RecordType.Snapshot:
                ApplyFoundMessage(row);
                break;
            case RecordType.State or RecordType.Done:
                ApplyFoundOutcome(row);
                break;
            case RecordType.Handing or RecordType.Kept or RecordType.HandedOver:
                ApplyFoundMark(row);
                break;
        }
    }

    private void ApplyFoundMessage(RowCursor row)
    {
        var reader = row.Rest();
        var arrived = (long)reader.Fixed64();
        var size = (long)reader.Number();
        var count = reader.Count();
        var isSnapshot = row.Type == RecordType.Snapshot;
        var older = _index.Find(row.Id);
        if (older >= 0)
        {
            row.Segment.CarriedFrom.Add(_index.Messages[older].Segment);
            RemoveFound(older);
        }
        var isLarge = row.Type == RecordType.Large || (row.Flags & RecordFlags.LargeContent) != 0;
        var message = _index.AddMessage(row.Id, row.Segment.Number, row.Offset, row.Length, isLarge);
        _foundMessages!.Ensure(message);
        _foundMessages[message] = new(arrived, size);
        for (var i = 0; i < count; i++)
        {
            var domain = row.Domains[reader.Int()];
            var recipients = reader.Int();
            var state = isSnapshot && reader.Byte() == 0 ? ReadNumbers(ref reader) : default;
            if (isSnapshot && state.Open + state.Owed == 0)
            {
                continue;
            }
            var entry = _index.AddEntry(message, i, domain, recipients);
            _foundEntries!.Ensure(entry);
            _foundEntries[entry] = arrived;
            if (isSnapshot)
            {
                SetFound(entry, state, 0, 0);
            }
        }
        if ((row.Flags & RecordFlags.Handover) != 0)
        {
            var number = reader.Int();
            var trailer = HandoverTrailer.Read(ref reader);
            _index.Messages[message].Flags |= MessageFlags.Counted;
            if (trailer.Donor != 0)
            {
                FoundReceived(row.Segment, new(trailer.Donor, row.Id, number), row.Sequence);
            }
            if (trailer.Receiver is not null)
            {
                SetMark(message, new(number, trailer.Receiver));
            }
        }
        if ((row.Flags & RecordFlags.Report) != 0 && !isSnapshot)
        {
            _reports[row.Id.Number] = (row.Segment.Number, row.Offset);
        }
        row.Consume(reader);
        row.Segment.LiveMessages++;
        row.Segment.LiveOctets += row.Length;
        row.Segment.Members.Add(message);
    }

    private void ApplyFoundOutcome(RowCursor row)
    {
        var reader = row.Rest();
        var number = reader.Int();
        var report = reader.Number();
        var state = row.Type == RecordType.State ? ReadNumbers(ref reader) : default;
        row.Consume(reader);
        if (report != 0)
        {
            _effectsSeen.Add((report, row.Id, number));
        }
        if (_index.Find(row.Id) is not (>= 0 and var message) || _index.FindEntry(message, number) is not (>= 0 and var entry))
        {
            return;
        }
        if (row.Type == RecordType.State)
        {
            SetFound(entry, state, row.Segment.Number, row.Offset);
            return;
        }
        _index.RemoveEntry(entry);
        if (_index.Messages[message].LiveEntries == 0)
        {
            RemoveFound(message);
        }
    }

    private static StateRecord ReadNumbers(ref ByteReader reader) => new(
        (StateFlags)reader.Byte(), reader.Int(), new DateTimeOffset(Math.Clamp((long)reader.Fixed64(), 0, DateTime.MaxValue.Ticks), TimeSpan.Zero), 0, reader.Int(), reader.Int(),
        reader.Byte(), 0, 0);

    private void SetFound(int number, in StateRecord state, uint segment, uint offset)
    {
        ref var entry = ref _index.Entries[number];
        (entry.Open, entry.Owed, entry.Attempts) = (state.Open, state.Owed, (ushort)Math.Min(state.Attempts, ushort.MaxValue));
        (entry.StateSegment, entry.StateOffset, entry.Depth) = (segment, offset, state.Depth);
        if ((state.Flags & StateFlags.DelayReported) != 0)
        {
            entry.Flags |= EntryFlags.DelayReported;
        }
        if (state.NextAttempt.Ticks > 0)
        {
            _foundEntries![number] = state.NextAttempt.UtcTicks;
        }
    }

    private void RemoveFound(int slot)
    {
        ref var message = ref _index.Messages[slot];
        var segment = _segments[message.Segment];
        segment.LiveMessages--;
        segment.LiveOctets -= message.Length;
        while (message.FirstEntry >= 0)
        {
            _index.RemoveEntry(message.FirstEntry);
        }
        ForgetMark(slot);
        _index.RemoveMessage(slot);
    }

    private readonly HashSet<(ulong Report, QueueId Id, int Entry)> _effectsSeen = [];

    /// <summary>A report whose record is there and whose effect is not: a crash came between. The effect is told again.</summary>
    private void FindMissingEffects()
    {
        foreach (var (number, (segmentNumber, offset)) in _reports)
        {
            try
            {
                var bytes = ReadRecord(_segments[segmentNumber], offset, out _);
                if (MessagePrefix.TryRead(bytes, out var prefix))
                {
                    var reader = new ByteReader(bytes.AsSpan(MessagePrefix.Size, (int)prefix.EnvelopeLength));
                    if (EnvelopeCodec.Read(ref reader)?.Report is { } report)
                    {
                        var missing = report with { Recipients = [.. report.Recipients.Where(recipient => !_effectsSeen.Contains((number, report.Id, recipient.Destination)))] };
                        AddEffects(missing, number, _segments[segmentNumber]);
                    }
                }
            }
            catch (InvalidDataException damage)
            {
                Note(new(_segments[segmentNumber].Path, new(Id, number), damage.Message));
            }
        }
        _reports.Clear();
        _effectsSeen.Clear();
        foreach (var outcome in _outcomes)
        {
            _index.Entries[outcome.Entry].Flags |= EntryFlags.Withheld;
        }
    }

    /// <summary>Gives the queue what was found, in parts.</summary>
    private void DeliverFound()
    {
        for (var number = 0; number < _index.EntriesMade; number++)
        {
            ref var entry = ref _index.Entries[number];
            if ((entry.Flags & EntryFlags.Live) == 0 || (_index.Messages[entry.Message].Flags & MessageFlags.SetAside) != 0)
            {
                continue;
            }
            if ((_index.Messages[entry.Message].Flags & MessageFlags.HandingOver) != 0)
            {
                // Its receiver is asked first.
                continue;
            }
            var found = _foundMessages![entry.Message];
            var arrival = new Arrival(
                new(number), _index.Domains[entry.Domain], entry.Open, entry.Owed, new(found.Arrived, TimeSpan.Zero), entry.Attempts,
                new(_foundEntries![number], TimeSpan.Zero), (entry.Flags & EntryFlags.DelayReported) != 0, found.Size);
            if ((entry.Flags & EntryFlags.Withheld) != 0)
            {
                _withheld.Add(number, arrival);
                continue;
            }
            _arrivals.Add(arrival);
            if (_arrivals.Count == 4096)
            {
                _deliver!(_arrivals);
                _arrivals.Clear();
            }
        }
        if (_arrivals.Count > 0)
        {
            _deliver!(_arrivals);
            _arrivals.Clear();
        }
        _foundMessages = null;
        _foundEntries = null;
    }

    /// <summary>What a report does to the entry is durable: the queue is told of what is left of it.</summary>
    private void ReleaseWithheld(int number)
    {
        ref var entry = ref _index.Entries[number];
        entry.Flags &= ~EntryFlags.Withheld;
        if (_withheld.Remove(number, out var arrival))
        {
            _arrivals.Add(arrival with
            {
                Open = entry.Open, ReportsOwed = entry.Owed, Attempts = entry.Attempts, DelayReported = (entry.Flags & EntryFlags.DelayReported) != 0,
            });
        }
    }

    private readonly Dictionary<int, Arrival> _withheld = [];

    private readonly record struct FoundMessage(long Arrived, long Size);
}
