using System.Runtime.InteropServices;

namespace MailCluster.Spool;

// What becomes of recipients: how what was told turns into records and then into the index.
public sealed partial class Spool
{
    // Recipients of entries with several of them that are being delivered; the disk has the rest.
    private const int CachedRecipients = 200_000;

    private readonly Dictionary<int, RecipientOutcome[]> _recipients = [];
    private readonly List<RecipientOutcome> _changes = [];
    private List<PendingOutcome> _left = [];
    private List<PendingOutcome> _outcomes = [];
    private readonly List<PendingOutcome> _told = [];
    private int _cached;
    private bool _isStuck;

    private bool GoesTo(SegmentLog log, in PendingOutcome outcome)
    {
        ref var entry = ref _index.Entries[outcome.Entry];
        return (entry.Flags & EntryFlags.Live) == 0 || (_index.Messages[entry.Message].Flags & MessageFlags.SetAside) != 0
            ? log.Kind == LogKind.Incoming
            : LogOf(_index.Messages[entry.Message]) == log.Kind;
    }

    // Octets of a record that did not fit: the next segment must be large enough for it.
    private long _outcomeRoom;

    private long OutcomeRoom(in PendingOutcome outcome)
    {
        // What a record can take at most; short of a full one, which is composed to see.
        var recipients = outcome.Outcome?.Recipients.Count ?? 0;
        return Math.Max(_outcomeRoom, RecordHeader.Total(256 + 2048L * Math.Min(recipients, 64) + 64L * recipients));
    }

    private void ComposeOutcomes(Batch batch)
    {
        var full = false;
        foreach (var outcome in CollectionsMarshal.AsSpan(_outcomes))
        {
            ref var entry = ref _index.Entries[outcome.Entry];
            if ((entry.Flags & EntryFlags.Live) == 0 || (_index.Messages[entry.Message].Flags & MessageFlags.SetAside) != 0)
            {
                entry.Pending--;
                if (outcome.Effect?.Holds is { } held)
                {
                    held.Holds--;
                }
                continue;
            }
            var goes = (entry.Flags & EntryFlags.InBatch) == 0 && GoesTo(batch.Log, outcome);
            if (full || !goes || !TryCompose(batch, outcome, ref entry))
            {
                // Where one does not fit, none behind it may go: a smaller one of the same entry would overtake it.
                full |= goes || batch.Length > BatchLimit;
                _left.Add(outcome);
            }
        }
        (_outcomes, _left) = (_left, _outcomes);
        _left.Clear();
    }

    /// <summary>Composes the record of an outcome; false where it does not fit.</summary>
    private bool TryCompose(Batch batch, in PendingOutcome source, ref EntrySlot entry)
    {
        StateRecord state;
        RecipientOutcome[]? recipients;
        try
        {
            (state, recipients) = Next(source, ref entry);
        }
        catch (InvalidDataException damage)
        {
            SetAside(_index.IdOf(_index.Messages[entry.Message]), damage.Message);
            return false;
        }
        catch (IOException)
        {
            // The disk did not answer, which says nothing of the message. What was told stays told, and is tried again at the next tick.
            _isStuck = true;
            return false;
        }
        var isDelivered = state.Open == 0 && state.Owed == 0 && source.Effect is null
            && (source.Outcome is null || _changes.TrueForAll(static change => change.Status == RecipientStatus.Delivered));
        var bytes = batch.OutcomeBytes;
        var start = bytes.Length;
        bytes.Reserve(RecordHeader.Size);
        if (source.Effect is { } effect)
        {
            bytes.Fixed64(effect.Number);
        }
        if (!isDelivered)
        {
            state.Write(bytes, (state.Flags & StateFlags.Full) != 0 && recipients is not null ? recipients : CollectionsMarshal.AsSpan(_changes));
        }
        var payload = bytes.Length - start - RecordHeader.Size;
        bytes.Pad();
        var length = bytes.Length - start;
        if (length > batch.Room)
        {
            bytes.Reset(start);
            _outcomeRoom = length;
            return false;
        }
        var ends = state.Open == 0 && state.Owed == 0;
        var flags = batch.Next(length, out var offset) | (source.Effect is null ? 0 : RecordFlags.FromReport);
        var record = bytes.Span.Slice(start, RecordHeader.Size + payload);
        var header = new RecordHeader(
            ends ? RecordType.Done : RecordType.State, flags, _index.IdOf(_index.Messages[entry.Message]), (uint)payload, (uint)payload,
            Crc32C.Of(record[RecordHeader.Size..]), batch.Segment!.Number, ++_sequence, (uint)entry.Number);
        header.Write(record, _format.Seed(batch.Segment.Number));
        _outcomeRoom = 0;
        entry.Flags |= EntryFlags.InBatch;
        batch.Outcomes.Add(new(source, header, offset, state, recipients));
        return true;
    }

    /// <summary>Where the entry stands after an outcome. What changed is left in <see cref="_changes"/>.</summary>
    private (StateRecord State, RecipientOutcome[]? Recipients) Next(in PendingOutcome source, ref EntrySlot entry)
    {
        _changes.Clear();
        var flags = (entry.Flags & EntryFlags.DelayReported) != 0 ? StateFlags.DelayReported : StateFlags.None;
        var hasState = entry.StateSegment != 0;
        var depth = (byte)(hasState ? entry.Depth + 1 : 0);
        var single = (entry.Flags & EntryFlags.Single) != 0;
        int open = entry.Open, owed = entry.Owed, attempts = entry.Attempts;
        DateTimeOffset next = default;
        RecipientOutcome[]? recipients = null;
        if (source.Outcome is null && source.Effect is null)
        {
            attempts++;
            flags |= StateFlags.OpenDelivered;
            open = 0;
            if (owed > 0)
            {
                recipients = [.. Recipients(source.Entry, ref entry)];
                for (var i = 0; i < recipients.Length; i++)
                {
                    if (recipients[i].Status == RecipientStatus.Open)
                    {
                        recipients[i] = new(i, RecipientStatus.Delivered, null);
                    }
                }
            }
        }
        else if (source.Outcome is { } outcome)
        {
            attempts = outcome.Attempts;
            next = outcome.NextAttempt;
            if (single)
            {
                foreach (var change in outcome.Recipients)
                {
                    if (change.Recipient == 0)
                    {
                        _changes.Clear();
                        _changes.Add(change);
                    }
                }
                if (_changes is [var only])
                {
                    (open, owed) = (only.Status == RecipientStatus.Open ? 1 : 0, IsOwed(only.Status) ? 1 : 0);
                    flags |= StateFlags.Full;
                }
            }
            else
            {
                recipients = [.. Recipients(source.Entry, ref entry)];
                foreach (var change in outcome.Recipients)
                {
                    Change(recipients, change, ref open, ref owed);
                }
            }
        }
        else
        {
            var effect = source.Effect!;
            var (state, known) = Load(ref entry);
            next = state.NextAttempt;
            recipients = known;
            if (effect.Report.Kind == ReportKind.Delayed)
            {
                flags |= StateFlags.DelayReported;
            }
            else
            {
                var owing = effect.Report.Kind == ReportKind.Relayed ? RecipientStatus.RelayedReportOwed : RecipientStatus.FailedReportOwed;
                foreach (var reported in effect.Report.Recipients)
                {
                    // Open where the outcome that the report speaks of was still on its way when a crash came: the report, which is durable, says as much.
                    if (reported.Destination == effect.Destination && reported.Recipient < recipients.Length
                        && (recipients[reported.Recipient].Status == owing || recipients[reported.Recipient].Status == RecipientStatus.Open))
                    {
                        Change(recipients, new(reported.Recipient, RecipientStatus.Reported, null), ref open, ref owed);
                    }
                }
            }
        }
        var (baseSegment, baseOffset) = (entry.StateSegment, entry.StateOffset);
        if (depth >= StateRecord.MaximumDepth && (flags & StateFlags.Full) == 0)
        {
            recipients ??= [.. Recipients(source.Entry, ref entry)];
            flags |= StateFlags.Full;
            flags &= ~StateFlags.OpenDelivered;
        }
        if ((flags & StateFlags.Full) != 0)
        {
            (depth, baseSegment, baseOffset) = (0, 0, 0);
        }
        var total = single ? 1 : recipients?.Length ?? open + owed;
        return (new(flags, attempts, next, total, open, owed, depth, baseSegment, baseOffset), single ? null : recipients);
    }

    private void Change(RecipientOutcome[] recipients, in RecipientOutcome change, ref int open, ref int owed)
    {
        if ((uint)change.Recipient >= (uint)recipients.Length)
        {
            return;
        }
        ref var recipient = ref recipients[change.Recipient];
        var wasOpen = recipient.Status == RecipientStatus.Open;
        // A recipient that has ended never comes back.
        if ((!wasOpen && !IsOwed(recipient.Status)) || (!wasOpen && change.Status == RecipientStatus.Open))
        {
            return;
        }
        open += (change.Status == RecipientStatus.Open ? 1 : 0) - (wasOpen ? 1 : 0);
        owed += (IsOwed(change.Status) ? 1 : 0) - (wasOpen ? 0 : 1);
        recipient = change;
        _changes.Add(change);
    }

    private static bool IsOwed(RecipientStatus status) => status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed;

    /// <summary>The recipients of an entry as the index knows them: from memory, else from the disk.</summary>
    private RecipientOutcome[] Recipients(int number, ref EntrySlot entry)
    {
        if (_recipients.TryGetValue(number, out var known))
        {
            return known;
        }
        ref var message = ref _index.Messages[entry.Message];
        return entry.StateSegment == 0 && (message.Flags & MessageFlags.Counted) == 0 && _segments[message.Segment].Log == LogKind.Incoming
            ? StateRecord.Fresh(entry.Open)
            : Load(ref entry).Recipients;
    }

    private void ApplyOutcome(Segment segment, in OutcomeChange change)
    {
        var number = change.Source.Entry;
        ref var entry = ref _index.Entries[number];
        ref var message = ref _index.Messages[entry.Message];
        var rows = segment.Rows!;
        rows.Begin(change.Header, change.Offset);
        rows.Outcome(change.Header.Argument, change.Source.Effect?.Number ?? 0);
        if (change.Source.Effect is { Holds: { } held })
        {
            held.Holds--;
        }
        entry.Flags &= ~EntryFlags.InBatch;
        entry.Pending--;
        if ((message.Flags & MessageFlags.SetAside) == 0)
        {
            _openRecipients -= entry.Open + entry.Owed - change.State.Open - change.State.Owed;
        }
        var isFirstWord = entry.Attempts == 0 && (change.Ends || change.State.Attempts > 0);
        var owner = entry.Message;
        if (isFirstWord)
        {
            CoolDown(ref message);
        }
        if (change.Ends)
        {
            _withheld.Remove(number);
            Forget(number);
            _index.RemoveEntry(number);
            if (message.LiveEntries == 0)
            {
                EndMessage(owner);
            }
            return;
        }
        rows.State(change.State);
        (entry.Open, entry.Owed, entry.Attempts) = (change.State.Open, change.State.Owed, (ushort)Math.Min(change.State.Attempts, ushort.MaxValue));
        (entry.StateSegment, entry.StateOffset, entry.Depth) = (segment.Number, (uint)change.Offset, change.State.Depth);
        if ((change.State.Flags & StateFlags.DelayReported) != 0)
        {
            entry.Flags |= EntryFlags.DelayReported;
        }
        if (change.Recipients is { } recipients)
        {
            Remember(number, recipients);
        }
        if ((entry.Flags & EntryFlags.Withheld) != 0 && entry.Pending == 0)
        {
            ReleaseWithheld(number);
        }
    }

    private void EndMessage(int slot)
    {
        ref var message = ref _index.Messages[slot];
        if ((message.Flags & MessageFlags.LetGo) == 0)
        {
            var segment = _segments[message.Segment];
            segment.LiveMessages--;
            segment.LiveOctets -= message.Length;
        }
        DropHot(ref message);
        ForgetMark(slot);
        _recent.Forget(_index.IdOf(message));
        if ((message.Flags & (MessageFlags.LargeContent | MessageFlags.SetAside)) == MessageFlags.LargeContent)
        {
            RemoveLarge(_index.IdOf(message));
        }
        _index.RemoveMessage(slot);
    }

    private void Remember(int entry, RecipientOutcome[] recipients)
    {
        if (_cached + recipients.Length > CachedRecipients)
        {
            _recipients.Clear();
            _cached = 0;
        }
        Forget(entry);
        _recipients[entry] = recipients;
        _cached += recipients.Length;
    }

    private void Forget(int entry)
    {
        if (_recipients.Remove(entry, out var known))
        {
            _cached -= known.Length;
        }
    }

    /// <summary>What the commit of a report does to the message that it reports: outcomes of ours, told with the report.</summary>
    private void AddEffects(ReportOf report, ulong number, Segment? holds)
    {
        var message = _index.Find(report.Id);
        if (message < 0)
        {
            return;
        }
        lock (_gate)
        {
            foreach (var destination in report.Recipients.Select(static recipient => recipient.Destination).Distinct())
            {
                var entry = _index.FindEntry(message, destination);
                if (entry >= 0)
                {
                    _index.Entries[entry].Pending++;
                    _outcomes.Add(new(entry, null, new(report, number, destination) { Holds = holds }, ++_order));
                    if (holds is not null)
                    {
                        holds.Holds++;
                    }
                }
            }
        }
    }

    /// <summary>The report is durable: its segment stays until what it does is, too.</summary>
    private void HoldForEffects(Segment segment, ulong number)
    {
        foreach (var outcome in _outcomes)
        {
            if (outcome.Effect is { } effect && effect.Number == number && effect.Holds is null)
            {
                effect.Holds = segment;
                segment.Holds++;
            }
        }
    }

    private void DropEffects(Batch batch, ulong number)
    {
        batch.Outcomes.RemoveAll(change => IsEffectOf(change.Source));
        _outcomes.RemoveAll(IsEffectOf);

        bool IsEffectOf(PendingOutcome outcome)
        {
            var isEffect = outcome.Effect is { Holds: null } effect && effect.Number == number;
            if (isEffect)
            {
                _index.Entries[outcome.Entry].Pending--;
            }
            return isEffect;
        }
    }
}
