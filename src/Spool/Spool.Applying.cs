namespace MailCluster.Spool;

// What a batch means once it is on the disk, or is not: index, queue, and those who wait.
public sealed partial class Spool
{
    private void Apply(Batch batch)
    {
        var segment = batch.Segment!;
        lock (_gate)
        {
            Extend(batch.Log, segment, batch.Offset + batch.Length);
            foreach (var (writer, header, offset) in batch.Writers)
            {
                if (writer.Handover is null)
                {
                    ApplyMessage(segment, writer, header, offset);
                }
                else
                {
                    ApplyReceived(segment, writer, header, offset);
                }
            }
            foreach (var change in batch.Outcomes)
            {
                ApplyOutcome(segment, change);
            }
            foreach (var change in batch.Marks)
            {
                ApplyMark(segment, change);
            }
            foreach (var (carried, header, offset) in batch.Carried)
            {
                ApplyCarried(segment, carried, header, offset);
            }
        }
        var carriedOctets = batch.Carried.Sum(static carried => carried.Header.TotalLength);
        _written += batch.Length - carriedOctets;
        _carryBudget = Math.Min(_carryBudget + batch.Length - carriedOctets, Options.SegmentSize);
        Succeeded(batch);
        if (_arrivals.Count > 0)
        {
            _deliver!(_arrivals);
            _arrivals.Clear();
        }
        foreach (var (writer, _, _) in batch.Writers)
        {
            writer.Complete();
        }
        foreach (var change in batch.Marks)
        {
            change.Source.Request.Wrote(new(Id, change.Source.Message, (int)change.Header.Argument), change.Receiver);
        }
        batch.Clear();
    }

    private void ApplyMessage(Segment segment, SpoolWriter writer, in RecordHeader header, long offset)
    {
        var envelope = writer.Envelope!;
        var message = _index.AddMessage(writer.Id, segment.Number, (uint)offset, (uint)header.TotalLength, writer.IsLarge);
        segment.LiveMessages++;
        segment.LiveOctets += header.TotalLength;
        segment.Members.Add(message);
        segment.Rows!.Begin(header, offset);
        segment.Rows.Message(envelope.Arrived.UtcTicks, writer.ContentLength, envelope.Destinations.Length);
        var number = 0;
        foreach (var destination in envelope.Destinations)
        {
            segment.Rows.Destination(destination.Domain, destination.Recipients.Length);
            var entry = _index.AddEntry(message, number++, destination.Domain, destination.Recipients.Length);
            _openRecipients += destination.Recipients.Length;
            _arrivals.Add(new(
                new(entry), destination.Domain, destination.Recipients.Length, 0, envelope.Arrived, 0, envelope.Arrived, false, writer.ContentLength));
        }
        if (!writer.IsLarge)
        {
            KeepHot(message, writer.Content, envelope);
        }
        if (envelope.Report is not null)
        {
            HoldForEffects(segment, writer.Id.Number);
        }
    }

    private void Fail(Batch batch, IOException failure)
    {
        lock (_gate)
        {
            foreach (var change in batch.Outcomes)
            {
                _index.Entries[change.Source.Entry].Flags &= ~EntryFlags.InBatch;
            }
            foreach (var change in batch.Marks)
            {
                _index.Messages[change.Slot].Flags &= ~MessageFlags.InBatch;
            }
            // What was told stays told, in its order; the effects of reports that failed are void.
            foreach (var (writer, _, _) in batch.Writers)
            {
                if (writer.IsReport)
                {
                    DropEffects(batch, writer.Id.Number);
                }
            }
            _outcomes.InsertRange(0, batch.Outcomes.Select(static change => change.Source));
            _outcomes.Sort(static (left, right) => left.Order.CompareTo(right.Order));
        }
        Abandon(batch, failure);
        foreach (var (writer, _, _) in batch.Writers)
        {
            if (writer.Handover is null)
            {
                writer.Fail(failure);
            }
            else
            {
                _undecided.Add((writer, failure));
            }
        }
        // Whoever waits for a mark repeats it if it still matters.
        foreach (var change in batch.Marks)
        {
            change.Source.Request.Failed(failure);
        }
        batch.Clear();
    }
}
