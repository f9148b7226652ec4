using System.Runtime.InteropServices;
using System.Text;

namespace MailCluster.Spool;

// What handing over writes of a message: that it is marked, that it stays, that it has ended. Of the whole message at once, into the log that holds its newest copy, as any outcome.
public sealed partial class Spool
{
    private readonly List<PendingMark> _toldMarks = [];
    private List<PendingMark> _marks = [];
    private List<PendingMark> _marksLeft = [];
    private int _markedCount;

    private Task<IReadOnlyList<HandingOver>> Tell(MarkRequest request, List<PendingMark> marks)
    {
        if (marks.Count == 0)
        {
            return Task.FromResult<IReadOnlyList<HandingOver>>([]);
        }
        lock (_gate)
        {
            if (!_closing && _committer is not null)
            {
                _speaksHandover = true;
                _toldMarks.AddRange(marks);
                WakeCommitter();
                return request.Done;
            }
        }
        return Task.FromException<IReadOnlyList<HandingOver>>(new IOException("The spool is not open for writing."));
    }

    /// <summary>Under the gate.</summary>
    private void TakeMarks()
    {
        _marks.AddRange(_toldMarks);
        _toldMarks.Clear();
    }

    /// <summary>Those of which nothing is to be written are settled: no batch is begun for them.</summary>
    private void PassOverMarks()
    {
        foreach (var mark in CollectionsMarshal.AsSpan(_marks))
        {
            if (IsToWrite(mark, out _))
            {
                _marksLeft.Add(mark);
            }
            else
            {
                mark.Request.PassedOver();
            }
        }
        SwapMarks();
    }

    private void SwapMarks()
    {
        (_marks, _marksLeft) = (_marksLeft, _marks);
        _marksLeft.Clear();
    }

    private void RefuseMarks(IOException cause)
    {
        lock (_gate)
        {
            TakeMarks();
        }
        foreach (var mark in _marks)
        {
            mark.Request.Failed(cause);
        }
        _marks.Clear();
    }

    private bool IsToWrite(in PendingMark mark, out int slot)
    {
        slot = _index.Find(mark.Message);
        if (slot < 0 || (_index.Messages[slot].Flags & MessageFlags.SetAside) != 0)
        {
            return false;
        }
        if ((_index.Messages[slot].Flags & MessageFlags.InBatch) != 0)
        {
            return true;
        }
        var isMarked = (_index.Messages[slot].Flags & MessageFlags.HandingOver) != 0;
        return mark.Request.Type == RecordType.Handing
            ? !isMarked && NumberOf(slot, mark) < HandoverSet.LargestHandover && HandoverSet.CanHold(mark.Message)
            : isMarked && _handovers[slot].Number == mark.Number && (mark.Request.Type != RecordType.Kept || mark.Times is not null);
    }

    private int NumberOf(int slot, in PendingMark mark) => _handovers.TryGetValue(slot, out var known) ? known.Number : mark.Number;

    /// <summary>Whether it can be written to that log now: what was told of its recipients before comes first.</summary>
    private bool GoesTo(SegmentLog log, in PendingMark mark, out int slot)
        => IsToWrite(mark, out slot) && (_index.Messages[slot].Flags & MessageFlags.InBatch) == 0 && LogOf(_index.Messages[slot]) == log.Kind && !IsPending(slot);

    /// <summary>Octets that the first mark for a log takes; -1 where none waits.</summary>
    private long FirstMark(SegmentLog log)
    {
        foreach (var mark in CollectionsMarshal.AsSpan(_marks))
        {
            if (GoesTo(log, mark, out _))
            {
                return RecordHeader.Total(LongestReceiver + 8);
            }
        }
        return -1;
    }

    private void ComposeMarks(Batch batch)
    {
        var isFull = false;
        foreach (var mark in CollectionsMarshal.AsSpan(_marks))
        {
            if (isFull || !GoesTo(batch.Log, mark, out var slot))
            {
                _marksLeft.Add(mark);
            }
            else if (!TryCompose(batch, mark, slot))
            {
                isFull = true;
                _marksLeft.Add(mark);
            }
        }
        SwapMarks();
    }

    private bool TryCompose(Batch batch, in PendingMark mark, int slot)
    {
        var bytes = batch.OutcomeBytes;
        var start = bytes.Length;
        bytes.Reserve(RecordHeader.Size);
        var isMark = mark.Request.Type == RecordType.Handing;
        if (isMark)
        {
            bytes.String(mark.Request.Receiver);
        }
        var payload = bytes.Length - start - RecordHeader.Size;
        bytes.Pad();
        var length = bytes.Length - start;
        if (length > batch.Room || (!batch.IsFirst && batch.Length + length > BatchLimit))
        {
            bytes.Reset(start);
            return false;
        }
        var number = isMark ? NumberOf(slot, mark) + 1 : mark.Number;
        var flags = batch.Next(length, out var offset);
        var record = bytes.Span.Slice(start, RecordHeader.Size + payload);
        var header = new RecordHeader(
            mark.Request.Type, flags, mark.Message, (uint)payload, (uint)payload, Crc32C.Of(record[RecordHeader.Size..]), batch.Segment!.Number, ++_sequence, (uint)number);
        header.Write(record, _format.Seed(batch.Segment.Number));
        _index.Messages[slot].Flags |= MessageFlags.InBatch;
        batch.Marks.Add(new(mark, slot, header, offset, isMark ? mark.Request.Receiver : null));
        return true;
    }

    /// <summary>Under the gate.</summary>
    private void ApplyMark(Segment segment, in MarkChange change)
    {
        ref var message = ref _index.Messages[change.Slot];
        message.Flags &= ~MessageFlags.InBatch;
        segment.Rows!.Begin(change.Header, change.Offset);
        segment.Rows.Mark(change.Header.Argument, change.Receiver);
        switch (change.Header.Type)
        {
            case RecordType.Handing:
                SetMark(change.Slot, new((int)change.Header.Argument, change.Receiver));
                break;
            case RecordType.Kept:
                SetMark(change.Slot, new((int)change.Header.Argument, null));
                QueueKept(change.Slot, change.Source.Times!);
                break;
            default:
                EndAll(change.Slot);
                break;
        }
    }

    private bool IsMarked(QueueId id) => _index.Find(id) is >= 0 and var slot && (_index.Messages[slot].Flags & MessageFlags.HandingOver) != 0;

    private void SetMark(int slot, HandoverMark mark)
    {
        ref var message = ref _index.Messages[slot];
        if ((message.Flags & MessageFlags.HandingOver) != 0)
        {
            _markedCount--;
        }
        message.Flags &= ~MessageFlags.HandingOver;
        if (mark.Receiver is not null)
        {
            // Many messages, few names.
            mark = mark with { Receiver = _receivers.TryGetValue(mark.Receiver, out var known) ? known : Added(mark.Receiver) };
            message.Flags |= MessageFlags.HandingOver;
            _markedCount++;
        }
        _handovers[slot] = mark;

        string Added(string receiver)
        {
            _receivers.Add(receiver);
            return receiver;
        }
    }

    private readonly HashSet<string> _receivers = new(StringComparer.Ordinal);

    /// <summary>The slot holds its message no more.</summary>
    private void ForgetMark(int slot)
    {
        if (_handovers.Remove(slot, out var mark) && mark.Receiver is not null)
        {
            _markedCount--;
        }
    }

    private void QueueKept(int slot, KeptTimes times)
    {
        for (var number = _index.Messages[slot].FirstEntry; number >= 0; number = _index.Entries[number].Next)
        {
            ref var entry = ref _index.Entries[number];
            _arrivals.Add(new(
                new(number), _index.Domains[entry.Domain], entry.Open, entry.Owed, times.Arrived, entry.Attempts, times.NextAttempts.GetValueOrDefault(entry.Number, times.Arrived),
                (entry.Flags & EntryFlags.DelayReported) != 0, times.Size));
        }
    }

    private void EndAll(int slot)
    {
        while (_index.Messages[slot].FirstEntry is >= 0 and var number)
        {
            ref var entry = ref _index.Entries[number];
            if ((_index.Messages[slot].Flags & MessageFlags.SetAside) == 0)
            {
                _openRecipients -= entry.Open + entry.Owed;
            }
            _withheld.Remove(number);
            Forget(number);
            _index.RemoveEntry(number);
        }
        EndMessage(slot);
    }

    private void ApplyFoundMark(RowCursor row)
    {
        var reader = row.Rest();
        var number = reader.Int();
        var receiver = reader.String();
        row.Consume(reader);
        if (_index.Find(row.Id) is not (>= 0 and var slot))
        {
            return;
        }
        if (row.Type == RecordType.HandedOver)
        {
            RemoveFound(slot);
            return;
        }
        SetMark(slot, new(number, row.Type == RecordType.Handing ? receiver ?? "" : null));
    }
}
