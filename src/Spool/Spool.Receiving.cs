using System.Collections.Immutable;

namespace MailCluster.Spool;

// How messages come from another node. The record of a message says by which handover it came; so the message and the fact that it was received are one.
public sealed partial class Spool
{
    // All guarded by the gate.
    private readonly Dictionary<QueueId, SpoolWriter> _receiving = [];
    private readonly HandoverSet _void = new();
    private readonly HashSet<QueueId> _removingLarge = [];
    private bool _hasRemovedOrphans;

    // Received messages whose write failed, and the cause. The committer's own.
    private readonly List<(SpoolWriter Writer, IOException Cause)> _undecided = [];

    /// <summary>
    /// Begins to receive a message by handover. The writer has the message's own name; its commit (<see cref="SpoolWriter.CommitReceivedAsync"/>) writes envelope, content, where the entries stand and
    /// that this handover was received, in one record. Waits while the content pool is empty (the caller must hold none of it), and soon after the start until what no message speaks of has been removed.
    /// </summary>
    public async ValueTask<ReceivingMessage> BeginReceivingAsync(HandoverId handover, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        if (handover.Number is <= 0 or > HandoverSet.LargestHandover || !HandoverSet.CanHold(handover.Message))
        {
            throw new ArgumentException($"{handover} cannot be a handover.", nameof(handover));
        }
        if (IsBeingRemoved(handover.Message))
        {
            await ChoresSoFarAsync(cancellation).ConfigureAwait(false);
        }
        if (Judge(handover) is not HandoverVerdict.Take and var verdict)
        {
            return new(verdict, null);
        }
        var block = await Pool.RentAsync(cancellation).ConfigureAwait(false);
        var writer = new SpoolWriter(this, handover, new PooledContent(Pool, block));
        lock (_gate)
        {
            verdict = Judge(handover);
            if (verdict == HandoverVerdict.Take)
            {
                _speaksHandover = true;
                _receiving.Add(handover.Message, writer);
                return new(verdict, writer);
            }
        }
        writer.Dispose();
        return new(verdict, null);
    }

    /// <summary>
    /// Whether a handover was received: true from the commit on, whatever becomes of the message, over restarts, until <see cref="ForgetHandoversAsync"/>. Where the message is being committed just
    /// now, waits for that. Once it has said false, this handover can never be received any more, however late the rest of it comes, so that the donor may deliver the message itself or hand it to
    /// somebody else. (A restart forgets that it said so, but no session outlives it.)
    /// </summary>
    /// <exception cref="IOException">Not known: the file of what was received is damaged. It must be restored, or removed once no donor has anything to ask.</exception>
    public async ValueTask<bool> HasHadAsync(HandoverId handover, CancellationToken cancellation)
    {
        while (true)
        {
            Task settled;
            lock (_gate)
            {
                if (_had.Contains(handover))
                {
                    return true;
                }
                if (_hadDamage is { } damage)
                {
                    throw new IOException(damage);
                }
                if (!_receiving.TryGetValue(handover.Message, out var writer) || writer.Handover != handover || !writer.IsCommitting)
                {
                    if (HandoverSet.CanHold(handover.Message))
                    {
                        _void.Add(handover);
                    }
                    return false;
                }
                settled = writer.Settled;
            }
            await settled.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Forgets which handovers of a donor were received: it has said that no message of its is marked for us any more, so it will never ask. The messages stay. Without this 8 to 16 octets a
    /// message are kept for ever, in memory and on the disk.</summary>
    /// <exception cref="IOException">It could not be written, and a restart knows them again.</exception>
    public Task ForgetHandoversAsync(ulong donor)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _had.RemoveAll(donor);
            _forgotten[donor] = Math.Max(_forgotten.GetValueOrDefault(donor), _lastReceived);
            _hadVersion++;
        }
        var isTaken = TryChore(() =>
        {
            try
            {
                WriteReceived();
                done.SetResult();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                done.SetException(new IOException(failure.Message, failure));
            }
        });
        return isTaken ? done.Task : Task.FromException(new IOException("The spool is closed."));
    }

    /// <summary>Lets the commit of a received message begin.</summary>
    /// <exception cref="IOException">The donor has been told that it did not arrive.</exception>
    internal void BeginCommit(SpoolWriter writer, HandoverId handover)
    {
        lock (_gate)
        {
            if (_void.Contains(handover))
            {
                throw new IOException($"The handover {handover} is void: its donor has been told that it did not arrive.");
            }
            writer.IsCommitting = true;
        }
    }

    /// <summary>A writer of a received message has come to its end.</summary>
    internal void EndReceiving(SpoolWriter writer)
    {
        lock (_gate)
        {
            if (_receiving.TryGetValue(writer.Id, out var known) && known == writer)
            {
                _receiving.Remove(writer.Id);
            }
        }
    }

    /// <summary>
    /// A failed write may have survived, and come back with a crash as long as no later segment has cut it off. A client that is told 451 sends again, and may then be delivered to twice; a donor that is
    /// told so gives the message to somebody else, and must not. So it is told, and <see cref="HasHadAsync"/> answers, when the end has been cut off.
    /// </summary>
    private void DecideFailed(bool mayWrite)
    {
        if (mayWrite && _undecided.Count > 0 && _incoming.HasLooseEnd && !_deferred.HasLooseEnd)
        {
            Probe(_incomingBatch);
        }
        if (!_incoming.HasLooseEnd)
        {
            RefuseUndecided();
        }
    }

    private void RefuseUndecided()
    {
        foreach (var (writer, cause) in _undecided)
        {
            writer.Fail(cause);
        }
        _undecided.Clear();
    }

    /// <summary>Whether a file that has the name of the message's content may just be removed.</summary>
    private bool IsBeingRemoved(QueueId message)
    {
        lock (_gate)
        {
            return !_hasRemovedOrphans || _removingLarge.Contains(message);
        }
    }

    private async Task ChoresSoFarAsync(CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (TryChore(done.SetResult))
        {
            await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private HandoverVerdict Judge(HandoverId handover)
    {
        lock (_gate)
        {
            if (_had.Contains(handover))
            {
                return HandoverVerdict.Had;
            }
            if (_void.Contains(handover))
            {
                return HandoverVerdict.Void;
            }
            // While one of that name is here, or its content is just being removed, two would be one.
            return _hadDamage is not null || IsBeingRemoved(handover.Message) || _receiving.ContainsKey(handover.Message) || _index.Find(handover.Message) >= 0
                ? HandoverVerdict.Busy
                : HandoverVerdict.Take;
        }
    }

    /// <summary>As <see cref="ApplyMessage"/>, with what has become of it elsewhere.</summary>
    private void ApplyReceived(Segment segment, SpoolWriter writer, in RecordHeader header, long offset)
    {
        var envelope = writer.Envelope!;
        var handover = writer.Handover!.Value;
        var message = _index.AddMessage(writer.Id, segment.Number, (uint)offset, (uint)header.TotalLength, writer.IsLarge);
        _index.Messages[message].Flags |= MessageFlags.Counted;
        segment.LiveMessages++;
        segment.LiveOctets += header.TotalLength;
        segment.Members.Add(message);
        var rows = segment.Rows!;
        rows.Begin(header, offset);
        rows.Message(envelope.Arrived.UtcTicks, writer.ContentLength, envelope.Destinations.Length);
        for (var i = 0; i < envelope.Destinations.Length; i++)
        {
            var destination = envelope.Destinations[i];
            rows.Destination(destination.Domain, destination.Recipients.Length);
            rows.Ended(writer.States[i] is null);
            if (writer.States[i] is not { } state)
            {
                continue;
            }
            rows.State(state);
            var number = _index.AddEntry(message, i, destination.Domain, destination.Recipients.Length);
            ref var entry = ref _index.Entries[number];
            (entry.Open, entry.Owed, entry.Attempts) = (state.Open, state.Owed, (ushort)Math.Min(state.Attempts, ushort.MaxValue));
            entry.Flags |= (state.Flags & StateFlags.DelayReported) != 0 ? EntryFlags.DelayReported : 0;
            _openRecipients += state.Open + state.Owed;
            _arrivals.Add(new(
                new(number), destination.Domain, state.Open, state.Owed, envelope.Arrived, entry.Attempts, DueAt(state, envelope), (entry.Flags & EntryFlags.DelayReported) != 0,
                writer.ContentLength));
        }
        rows.Handover(handover.Number, new(handover.Donor, null));
        NoteReceived(segment, handover, header.Sequence);
        if (!writer.IsLarge)
        {
            // It may not be due for hours, and some recipients may have ended: it is read from the disk.
            writer.Content.Release();
        }
    }
}
