using System.Collections.Immutable;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>
/// All that one queue actor decides, without actors, clock or disk: every input takes the time and adds to <see cref="QueueEffects"/> what is to be done.
/// Each entry has one owner (<see cref="EntryState"/>) and one next event time, in <see cref="_entryTimers"/>; each destination likewise. What concerns one destination is brought in order by
/// <see cref="Settle"/> after every input, so that no input needs to know all that follows from it.
/// </summary>
/// <param name="node">Who reports to delivery actors.</param>
/// <param name="schedule">When entries are tried again and expire.</param>
/// <param name="suspended">The domains that operators have suspended.</param>
/// <param name="questions">How many questions to delivery actors may be unanswered at a time.</param>
/// <param name="random">For jitter: from 0 up to 1.</param>
/// <param name="now">The time.</param>
internal sealed partial class QueueState(NodeId node, RetrySchedule schedule, SuspendedDomains suspended, int questions, Func<double> random, DateTimeOffset now)
{
    private readonly ChunkedArray<QueuedEntry> _entries = new();
    private readonly TimerWheel _entryTimers = new(now);
    private readonly Dictionary<DomainName, DestinationQueue> _destinations = [];
    private readonly List<DestinationQueue?> _destinationsByNumber = [];
    private readonly Stack<int> _freeDestinations = [];
    private readonly TimerWheel _destinationTimers = new(now);
    private readonly List<DestinationQueue> _touched = [];
    private readonly List<int> _fired = [];
    private int _free = EntryList.None;
    private int _used;

    /// <summary>Entries that wait or are under way.</summary>
    public int Entries { get; private set; }

    /// <summary>Their recipients.</summary>
    public long Recipients { get; private set; }

    /// <summary>Entries with pools.</summary>
    public int HandedOut => _handedOut.Count;

    /// <summary>Destinations known, those without mail included.</summary>
    public int Destinations => _destinations.Count;

    /// <summary>Takes what was committed or found.</summary>
    public void Arrive(IReadOnlyList<Arrival> arrivals, DateTimeOffset now, QueueEffects effects)
    {
        if (_lettingGo)
        {
            return;
        }
        DestinationQueue? destination = null;
        for (var i = 0; i < arrivals.Count; i++)
        {
            var arrival = arrivals[i];
            if (arrival.ReportsOwed > 0)
            {
                effects.Owed.Add(new(arrival.Entry));
            }
            if (arrival.Open <= 0)
            {
                continue;
            }
            if (destination is null || destination.Domain != arrival.Destination)
            {
                destination = DestinationOf(arrival.Destination);
                Touch(destination);
            }
            Enter(destination, arrival, now);
        }
        SettleTouched(now, effects);
    }

    private void Enter(DestinationQueue destination, in Arrival arrival, DateTimeOffset now)
    {
        var number = Allocate();
        ref var entry = ref _entries[number];
        entry.Arrived = arrival.Arrived.UtcTicks;
        entry.NextAttempt = arrival.NextAttempt.UtcTicks;
        entry.Entry = arrival.Entry.Index;
        entry.Destination = destination.Number;
        entry.Open = arrival.Open;
        entry.Size = (uint)Math.Min(arrival.Size, uint.MaxValue);
        entry.Attempts = (ushort)Math.Min(arrival.Attempts, ushort.MaxValue);
        entry.Marks = arrival.DelayReported ? EntryMarks.DelayTold : EntryMarks.None;
        Entries++;
        Recipients += arrival.Open;
        destination.Recipients += arrival.Open;
        Place(destination, number, arrival.NextAttempt > now ? EntryState.Deferred : EntryState.Due);
    }

    private DestinationQueue DestinationOf(DomainName domain)
    {
        if (_destinations.TryGetValue(domain, out var destination))
        {
            return destination;
        }
        if (!_freeDestinations.TryPop(out var number))
        {
            number = _destinationsByNumber.Count;
            _destinationsByNumber.Add(null);
        }
        destination = new(number, domain) { Suspended = suspended.Contains(domain) };
        _destinationsByNumber[number] = destination;
        _destinations.Add(domain, destination);
        return destination;
    }

    private void Touch(DestinationQueue destination)
    {
        if (!destination.Touched)
        {
            destination.Touched = true;
            _touched.Add(destination);
        }
    }

    private void SettleTouched(DateTimeOffset now, QueueEffects effects)
    {
        foreach (var destination in _touched)
        {
            destination.Touched = false;
            if (_destinationsByNumber[destination.Number] == destination)
            {
                Settle(destination, now, effects);
            }
        }
        _touched.Clear();
    }

    // --- Entries: places, owners, timers ---

    private int Allocate()
    {
        if (_free != EntryList.None)
        {
            var free = _free;
            _free = _entries[free].Next;
            return free;
        }
        _entries.Reach(_used);
        return _used++;
    }

    private static ref EntryList ListOf(DestinationQueue destination, EntryState state)
    {
        switch (state)
        {
            case EntryState.Due: return ref destination.Due;
            case EntryState.Deferred: return ref destination.Deferred;
            case EntryState.PutOff: return ref destination.PutOff;
            case EntryState.HandedOut: return ref destination.HandedOut;
            case EntryState.Opening: return ref destination.Opening;
            default: throw new InvalidOperationException($"An entry cannot be in {state}.");
        }
    }

    /// <summary>Gives an entry that has no owner to one; where the queue lets go of its mail, only to somebody who does something with it.</summary>
    private void Place(DestinationQueue destination, int number, EntryState state)
    {
        if (_lettingGo && state is (EntryState.Due or EntryState.Deferred or EntryState.PutOff))
        {
            Forget(destination, number);
            return;
        }
        _entries[number].State = state;
        ListOf(destination, state).Append(_entries, number);
        SetTimer(number);
    }

    /// <summary>Takes an entry from its owner.</summary>
    private void Take(DestinationQueue destination, int number)
    {
        ListOf(destination, _entries[number].State).Remove(_entries, number);
        _entries[number].State = EntryState.Free;
    }

    /// <summary>Forgets an entry that has no owner and no open recipient.</summary>
    private void Forget(DestinationQueue destination, int number)
    {
        ref var entry = ref _entries[number];
        Entries--;
        Recipients -= entry.Open;
        destination.Recipients -= entry.Open;
        entry.State = EntryState.Free;
        entry.Next = _free;
        _free = number;
        _entryTimers.Cancel(number);
    }

    private void SetTimer(int number)
    {
        var next = NextEventOf(number);
        if (next == DateTimeOffset.MaxValue)
        {
            _entryTimers.Cancel(number);
        }
        else
        {
            _entryTimers.Set(number, next);
        }
    }

    /// <summary>The entry's next event by time, as <see cref="EntryState"/> says; <see cref="DateTimeOffset.MaxValue"/> where what is being done will end by itself.</summary>
    private DateTimeOffset NextEventOf(int number)
    {
        ref var entry = ref _entries[number];
        if (entry.State == EntryState.Opening)
        {
            return _reopenAt.TryGetValue(number, out var again) ? again : DateTimeOffset.MaxValue;
        }
        if ((entry.Marks & EntryMarks.Recalled) != 0)
        {
            return DateTimeOffset.MaxValue;
        }
        var next = schedule.ExpiryOf(entry.ArrivedAt);
        if (entry.State is EntryState.Deferred or EntryState.PutOff && entry.NextAttemptAt < next)
        {
            next = entry.NextAttemptAt;
        }
        if (!_lettingGo && (entry.Marks & EntryMarks.DelayTold) == 0 && schedule.NoticeOf(entry.ArrivedAt) is var notice && notice < next)
        {
            next = notice;
        }
        return next;
    }

    private bool IsExpired(int number, DateTimeOffset now) => schedule.ExpiryOf(_entries[number].ArrivedAt) <= now;

    // --- For operators ---

    /// <summary>The site that a domain's mail goes to; null where that is not known.</summary>
    public string? SiteOf(DomainName domain) => _destinations.TryGetValue(domain, out var destination) ? (destination.Route as Route.To)?.Site.Site : null;

    /// <summary>Describes the queue.</summary>
    public QueueProtocol.Inspection Inspect(QueueProtocol.Inspect inspect)
    {
        var withMail = 0;
        foreach (var destination in _destinations.Values)
        {
            withMail += destination.Entries > 0 ? 1 : 0;
        }
        var chosen = inspect.Domain is { } domain
            ? _destinations.TryGetValue(domain, out var one) ? [one] : []
            : _destinations.Values.Where(d => d.Entries > 0).OrderByDescending(d => d.Recipients).Take(inspect.Destinations);
        return new(Entries, Recipients, HandedOut, withMail, [.. chosen.Select(Describe)]);
    }

    /// <summary>Every entry that a destination has, once for each list it stands in, with its owner and whether a timer will call for it.</summary>
    internal IEnumerable<(EntryRef Entry, EntryState Owner, bool IsTimed, DateTimeOffset Arrived)> Owners()
    {
        foreach (var destination in _destinations.Values)
        {
            foreach (var list in new[] { destination.Due, destination.Deferred, destination.PutOff, destination.HandedOut, destination.Opening })
            {
                for (var number = list.First; number != EntryList.None; number = _entries[number].Next)
                {
                    yield return (new(_entries[number].Entry), _entries[number].State, _entryTimers.IsSet(number), _entries[number].ArrivedAt);
                }
            }
        }
    }

    private DestinationInspection Describe(DestinationQueue destination) => new(
        destination.Domain, destination.Recipients, destination.Due.Count, destination.Deferred.Count + destination.PutOff.Count, destination.HandedOut.Count,
        OldestOf(destination), NextAttemptOf(destination), (destination.Suspended ? DestinationStand.Suspended : destination.Stand).ToString(), (destination.Route as Route.To)?.Site.Site, destination.LastFailure?.Reply.ToString());

    private DateTimeOffset? NextAttemptOf(DestinationQueue destination)
    {
        if (destination.Suspended)
        {
            return null;
        }
        if (destination.Stand is DestinationStand.Down or DestinationStand.Suspended)
        {
            return destination.HeldUntil;
        }
        var next = long.MaxValue;
        Look(destination.Deferred, number => next = Math.Min(next, _entries[number].NextAttempt));
        Look(destination.PutOff, number => next = Math.Min(next, _entries[number].NextAttempt));
        return next == long.MaxValue ? null : new(next, TimeSpan.Zero);
    }

    private DateTimeOffset? OldestOf(DestinationQueue destination)
    {
        var oldest = long.MaxValue;
        void Older(int number) => oldest = Math.Min(oldest, _entries[number].Arrived);
        Look(destination.Due, Older);
        Look(destination.Deferred, Older);
        Look(destination.PutOff, Older);
        Look(destination.HandedOut, Older);
        Look(destination.Opening, Older);
        return oldest == long.MaxValue ? null : new(oldest, TimeSpan.Zero);
    }

    /// <summary>Looks at the first entries of a list only: they have been in it longest, and a million more must not cost a report its price.</summary>
    private void Look(in EntryList list, Action<int> at)
    {
        var number = list.First;
        for (var i = 0; i < 256 && number != EntryList.None; i++)
        {
            at(number);
            number = _entries[number].Next;
        }
    }
}
