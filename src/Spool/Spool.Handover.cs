using System.Collections.Immutable;
using System.Text;

namespace MailCluster.Spool;

// How messages leave for another node. A message is at any time in exactly one spool that may deliver it: the donor marks it, durably, before a receiver may see it, and from then on neither
// delivers nor expires it until the receiver has said whether it had it.
public sealed partial class Spool
{
    /// <summary>Octets of a receiver's name, at most.</summary>
    public const int LongestReceiver = 255;

    // Messages looked at under one lock.
    private const int LookedAtAtOnce = 1024;

    // Marks of messages that are marked, or were and stay here; of all others the record knows how often they were. Guarded by the gate; written by the committer alone.
    private readonly Dictionary<int, HandoverMark> _handovers = [];
    private volatile bool _speaksHandover;

    /// <summary>The messages that have not ended, marked ones too, about in the order in which they came. Holds nothing of them; what comes or ends meanwhile may be in it or not. Those set aside
    /// as damaged are not.</summary>
    public IEnumerable<QueueId> OpenMessages() => Enumerate((int slot, out QueueId found) =>
    {
        found = _index.IdOf(_index.Messages[slot]);
        return true;
    });

    /// <summary>The messages that are marked: after a start, those whose receivers must be asked (<see cref="HasHadAsync"/> there) before anything else is done with them. The start does not give
    /// them to the queue.</summary>
    public IEnumerable<HandingOver> MarkedMessages() => Enumerate((int slot, out HandingOver found) =>
    {
        found = default;
        if ((_index.Messages[slot].Flags & MessageFlags.HandingOver) == 0)
        {
            return false;
        }
        found = HandingOverOf(slot);
        return true;
    });

    /// <summary>How many messages are marked.</summary>
    public int MarkedCount => Volatile.Read(ref _markedCount);

    /// <summary>Opens a whole message, to be handed over. Null where it has ended.</summary>
    /// <exception cref="InvalidDataException">The record is damaged; the message has been set aside.</exception>
    public async ValueTask<SpooledMessage?> OpenMessageAsync(QueueId id, CancellationToken cancellation)
    {
        while (IsAnyPending(id))
        {
            // What was told must be in what is read.
            await FlushAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
        return await Task.Run(() => OpenMessage(id), cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Marks messages as handing over. When this returns the marks are on stable storage, with one sync for many of them: only then may anything of the messages be sent. Returns what was marked, each
    /// under the name that it goes by; those that have ended, are set aside or marked already are left out. The queue must have let go of the messages before. A donor that does not know what became of
    /// a message that it has sent asks before it sends again, and where the answer is no keeps the message and marks it anew.
    /// </summary>
    /// <exception cref="IOException">The marks could not be written: those that were are among <see cref="MarkedMessages"/>.</exception>
    public Task<IReadOnlyList<HandingOver>> MarkAsync(IReadOnlyCollection<QueueId> messages, string receiver)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentException.ThrowIfNullOrEmpty(receiver);
        if (Encoding.UTF8.GetByteCount(receiver) > LongestReceiver)
        {
            throw new ArgumentException($"A receiver's name has at most {LongestReceiver} octets.", nameof(receiver));
        }
        return Task.Run(() =>
        {
            var request = new MarkRequest(RecordType.Handing, messages.Count, receiver);
            return Tell(request, [.. messages.Select(message => new PendingMark(request, message, NumberInRecord(message), null))]);
        });
    }

    /// <summary>Ends marked messages, all recipients at once: their receiver has acknowledged them, or said that it had them. Durable when it returns. Raises no events and owes no reports: whatever
    /// was owed, the receiver owes now. Returns how many it ended; those that are not marked by that handover are left alone, so it may be repeated.</summary>
    /// <exception cref="IOException">It could not be written: repeat it; a start would find the messages marked, and ask.</exception>
    public async Task<int> EndHandedOverAsync(IReadOnlyCollection<HandoverId> handovers)
    {
        ArgumentNullException.ThrowIfNull(handovers);
        var own = handovers.Where(handover => handover.Donor == Id).ToList();
        var request = new MarkRequest(RecordType.HandedOver, own.Count, null);
        return (await Tell(request, own.ConvertAll(handover => new PendingMark(request, handover.Message, handover.Number, null))).ConfigureAwait(false)).Count;
    }

    /// <summary>Takes marks back: the receiver has said that it never had these, and so never will. When that is durable, the queue gets the messages with attempts and next attempt as they were.
    /// Returns how many there were; others are left alone.</summary>
    /// <exception cref="IOException">It could not be written: repeat it.</exception>
    public async Task<int> KeepAsync(IReadOnlyCollection<HandoverId> handovers)
    {
        ArgumentNullException.ThrowIfNull(handovers);
        var own = handovers.Where(handover => handover.Donor == Id).ToList();
        var request = new MarkRequest(RecordType.Kept, own.Count, null);
        var marks = await Task.Run(() => own.ConvertAll(handover => new PendingMark(request, handover.Message, handover.Number, ReadTimes(handover)))).ConfigureAwait(false);
        return (await Tell(request, marks).ConfigureAwait(false)).Count;
    }

    private delegate bool Look<T>(int slot, out T found);

    private IEnumerable<T> Enumerate<T>(Look<T> look)
    {
        var part = new List<T>();
        for (var slot = 0; ;)
        {
            lock (_gate)
            {
                var end = Math.Min(_index.MessagesMade, slot + LookedAtAtOnce);
                if (slot >= end)
                {
                    yield break;
                }
                for (; slot < end; slot++)
                {
                    if ((_index.Messages[slot].Flags & (MessageFlags.Live | MessageFlags.SetAside)) == MessageFlags.Live && look(slot, out var found))
                    {
                        part.Add(found);
                    }
                }
            }
            foreach (var found in part)
            {
                yield return found;
            }
            part.Clear();
        }
    }

    private HandingOver HandingOverOf(int slot)
    {
        var mark = _handovers[slot];
        return new(new(Id, _index.IdOf(_index.Messages[slot]), mark.Number), mark.Receiver!);
    }

    private bool IsAnyPending(QueueId id)
    {
        lock (_gate)
        {
            return _index.Find(id) is >= 0 and var slot && IsPending(slot);
        }
    }

    private bool IsPending(int slot)
    {
        for (var entry = _index.Messages[slot].FirstEntry; entry >= 0; entry = _index.Entries[entry].Next)
        {
            if (_index.Entries[entry].Pending > 0)
            {
                return true;
            }
        }
        return false;
    }

    private SpooledMessage? OpenMessage(QueueId id) => Read<SpooledMessage>(id, (in message, segment, entries, mark) =>
    {
        PooledContent? hot = null;
        lock (_gate)
        {
            if (_index.Find(id) is >= 0 and var slot && _index.Messages[slot].Hot is >= 0 and var place)
            {
                hot = _hot[place]!;
                hot.Hold();
            }
        }
        try
        {
            var loaded = LoadMessage(segment, message, id);
            if (Standings(loaded, entries) is not { } standings)
            {
                hot?.Release();
                return (false, null);
            }
            var content = hot is not null ? new SpooledContent(this, id, hot, hot.Traits) : OpenContent(segment, message, id, loaded);
            return (true, new SpooledMessage(id, loaded.Envelope, standings, mark, content));
        }
        catch
        {
            hot?.Release();
            throw;
        }
    });

    private delegate (bool IsRead, T? Result) ReadMessage<T>(in MessageSlot message, Segment segment, List<EntrySlot> entries, HandingOver? mark);

    /// <summary>Reads a message as it stands at one moment; again where it has been carried meanwhile. Null where it has ended.</summary>
    private T? Read<T>(QueueId id, ReadMessage<T> read)
        where T : class
    {
        while (true)
        {
            MessageSlot message;
            Segment segment;
            HandingOver? mark;
            var entries = new List<EntrySlot>();
            lock (_gate)
            {
                if (_index.Find(id) is not (>= 0 and var slot))
                {
                    return null;
                }
                message = _index.Messages[slot];
                if ((message.Flags & MessageFlags.SetAside) != 0)
                {
                    throw new InvalidDataException($"{id} has been set aside as corrupt.");
                }
                for (var entry = message.FirstEntry; entry >= 0; entry = _index.Entries[entry].Next)
                {
                    entries.Add(_index.Entries[entry]);
                }
                mark = (message.Flags & MessageFlags.HandingOver) != 0 ? HandingOverOf(slot) : null;
                segment = _segments[message.Segment];
                segment.Hold();
            }
            try
            {
                var (isRead, result) = read(message, segment, entries, mark);
                if (isRead)
                {
                    return result;
                }
            }
            catch (InvalidDataException damage)
            {
                SetAside(id, damage.Message);
                throw;
            }
            finally
            {
                segment.Release();
            }
        }
    }

    /// <summary>Where the entries stand, in the order of the destinations; null where a segment is gone.</summary>
    private ImmutableArray<EntryStanding>? Standings(LoadedMessage message, List<EntrySlot> entries)
    {
        var standings = new EntryStanding[message.Envelope.Destinations.Length];
        Array.Fill(standings, EntryStanding.Ended);
        foreach (var entry in entries)
        {
            if (Load(entry, message) is not { } states)
            {
                return null;
            }
            standings[entry.Number] = new(
                false, entry.Attempts, DueAt(states.State, message.Envelope), (entry.Flags & EntryFlags.DelayReported) != 0, ImmutableArray.Create(states.Recipients));
        }
        return ImmutableArray.Create(standings);
    }

    private static DateTimeOffset DueAt(in StateRecord state, Envelope envelope) => state.NextAttempt.Ticks > 0 ? state.NextAttempt : envelope.Arrived;

    /// <summary>How often a message had been marked when its record was written.</summary>
    private int NumberInRecord(QueueId id)
    {
        lock (_gate)
        {
            if (_index.Find(id) is not (>= 0 and var slot) || (_index.Messages[slot].Flags & MessageFlags.Counted) == 0 || _handovers.ContainsKey(slot))
            {
                return 0;
            }
        }
        try
        {
            return Read<object>(id, (in message, segment, _, _) => (true, (int)LoadMessage(segment, message, id).Prefix.Handovers)) is int number ? number : 0;
        }
        catch (InvalidDataException)
        {
            // It has been set aside, and will be passed over.
            return 0;
        }
    }

    private KeptTimes? ReadTimes(HandoverId handover)
    {
        try
        {
            return Read<KeptTimes>(handover.Message, (in message, segment, entries, _) =>
            {
                var loaded = LoadMessage(segment, message, handover.Message);
                var times = new KeptTimes(loaded.Envelope.Arrived, loaded.Prefix.ContentLength, []);
                foreach (var entry in entries)
                {
                    if (Load(entry, loaded) is not { } states)
                    {
                        return (false, null);
                    }
                    times.NextAttempts.Add(entry.Number, DueAt(states.State, loaded.Envelope));
                }
                return (true, times);
            });
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
