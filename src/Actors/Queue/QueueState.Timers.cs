using MailCluster.Actors.Delivery;

namespace MailCluster.Actors.Queue;

/// <content>What time brings.</content>
internal sealed partial class QueueState
{
    /// <summary>When <see cref="Elapse"/> is to be called next; null where nothing is planned.</summary>
    public DateTimeOffset? NextEvent
    {
        get
        {
            var entry = _entryTimers.NextTime;
            var destination = _destinationTimers.NextTime;
            return entry is null || destination < entry ? destination : entry;
        }
    }

    /// <summary>Time has passed.</summary>
    public void Elapse(DateTimeOffset now, QueueEffects effects)
    {
        if (_entryTimers.MustBeginAnew(now) || _destinationTimers.MustBeginAnew(now))
        {
            SetAllTimers(now);
        }
        _fired.Clear();
        _entryTimers.Advance(now, _fired);
        foreach (var number in _fired)
        {
            EntryEvent(number, now, effects);
        }
        _fired.Clear();
        _destinationTimers.Advance(now, _fired);
        foreach (var number in _fired)
        {
            if (_destinationsByNumber[number] is { } destination)
            {
                DestinationEvent(destination, now, effects);
            }
        }
        SettleTouched(now, effects);
    }

    private void EntryEvent(int number, DateTimeOffset now, QueueEffects effects)
    {
        ref var entry = ref _entries[number];
        var destination = _destinationsByNumber[entry.Destination]!;
        if (entry.State == EntryState.Opening)
        {
            if (_reopenAt.Remove(number))
            {
                _toOpen.Enqueue(number);
                OpenNext(effects);
            }
            return;
        }
        if (IsExpired(number, now))
        {
            if (entry.State == EntryState.HandedOut)
            {
                Recall(destination, number, effects);
                SetTimer(number);
                return;
            }
            Take(destination, number);
            Condemn(destination, number, new(destination.LastFailure, Expired: true), effects);
            Touch(destination);
            return;
        }
        if (!_lettingGo && (entry.Marks & EntryMarks.DelayTold) == 0 && schedule.NoticeOf(entry.ArrivedAt) <= now)
        {
            entry.Marks |= EntryMarks.DelayTold;
            effects.Delayed.Add(new(new(entry.Entry), schedule.ExpiryOf(entry.ArrivedAt)));
        }
        if (entry.State is EntryState.Deferred or EntryState.PutOff && entry.NextAttemptAt <= now)
        {
            Take(destination, number);
            Place(destination, number, EntryState.Due);
            Touch(destination);
            return;
        }
        SetTimer(number);
    }

    private void DestinationEvent(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Stand != DestinationStand.Unknown && destination.DecisionEnds <= now)
        {
            RunOut(destination, effects);
        }
        if (destination.LeaveAt <= now)
        {
            if (destination.Stand == DestinationStand.Unknown)
            {
                SayGoodbye(destination, now, effects);
                Drop(destination, now, effects);
                return;
            }
            SayGoodbye(destination, now, effects);
            destination.LeaveAt = destination.DecisionEnds;
        }
        if (destination.RepeatAt <= now)
        {
            Repeat(destination, now, effects);
        }
        Touch(destination);
    }

    /// <summary>The decision is no longer to be used: nothing goes out until there is another.</summary>
    private void RunOut(DestinationQueue destination, QueueEffects effects)
    {
        if (destination.Route is Route.To to)
        {
            LeavePool(destination, to, effects);
        }
        destination.Route = null;
        destination.Stand = DestinationStand.Unknown;
        destination.RefreshAt = DateTimeOffset.MaxValue;
        destination.HeldUntil = DateTimeOffset.MaxValue;
    }

    private void Repeat(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        destination.RepeatAt = DateTimeOffset.MaxValue;
        if (_paused || destination.Entries == 0)
        {
            CloseQuestion(destination, now, effects);
        }
        else if (destination.Repeats >= RepeatsInPlace && _line.Count > 0)
        {
            destination.InLine = true;
            _line.Enqueue(destination);
            CloseQuestion(destination, now, effects);
        }
        else
        {
            destination.Repeats++;
            SendQuestion(destination, now, effects);
        }
    }

    private void SetDestinationTimer(DestinationQueue destination)
    {
        var next = Earlier(destination.RepeatAt, destination.LeaveAt);
        if (destination.Stand != DestinationStand.Unknown)
        {
            next = Earlier(next, destination.DecisionEnds);
        }
        if (destination is { Asked: 0, InLine: false } && destination.Entries > 0 && !_paused)
        {
            next = Earlier(next, Earlier(destination.RefreshAt, destination.HeldUntil));
        }
        if (next == DateTimeOffset.MaxValue)
        {
            _destinationTimers.Cancel(destination.Number);
        }
        else
        {
            _destinationTimers.Set(destination.Number, next);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>The wall clock has gone back: every timer is set again by what it is for.</summary>
    private void SetAllTimers(DateTimeOffset now)
    {
        _entryTimers.Clear(now);
        _destinationTimers.Clear(now);
        for (var number = 0; number < _used; number++)
        {
            if (_entries[number].State != EntryState.Free)
            {
                SetTimer(number);
            }
        }
        foreach (var destination in _destinations.Values)
        {
            SetDestinationTimer(destination);
        }
    }
}
