using MailCluster.Actors.Delivery;
using MailCluster.Protocol.Failures;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <content>How attempts end, and how entries end without one.</content>
internal sealed partial class QueueState
{
    /// <summary>Entries opened at a time to have an end recorded: enough to keep the disk busy, few enough to leave it to deliveries.</summary>
    private const int OpenedAtATime = 8;

    private static readonly TimeSpan ReopenAfter = TimeSpan.FromSeconds(30);

    private readonly Queue<int> _toOpen = [];
    private readonly Dictionary<int, Opening> _opening = [];
    private readonly Dictionary<int, DateTimeOffset> _reopenAt = [];
    private int _beingOpened;

    /// <summary>Why an entry is opened: its lifetime is over (and why it was not delivered, where only the domain knows), or its attempt failed before a connection had opened it.</summary>
    private readonly record struct Opening(DeliveryFailure? Failure, bool Expired);

    /// <summary>A job came back. What it means is returned to be recorded; null where nothing is to be recorded, now or at all.</summary>
    public RecordedVerdict? End(JobEnded ended, DateTimeOffset now, QueueEffects effects)
    {
        var number = ended.Job.Number;
        if (!_handedOut.TryGetValue(number, out var job) || !ReferenceEquals(job, ended.Job))
        {
            return null;        // told twice: the first word counted
        }
        var destination = _destinationsByNumber[_entries[number].Destination]!;
        _handedOut.Remove(number);
        Take(destination, number);
        _entries[number].Marks &= ~EntryMarks.Recalled;
        var wasProbe = destination.Probe == number;
        if (wasProbe)
        {
            destination.Probe = EntryList.None;
        }
        Touch(destination);

        if (ended.Delivery is null || ended is { Outcomes.Count: 0, Failure: null })
        {
            if (ended.Failure is null)
            {
                GiveBack(destination, number, now, effects);
                return null;
            }
            Condemn(destination, number, new(ended.Failure, Expired: false), effects);
            Meet(destination, AttemptVerdict.DomainOf([], ended.Failure), wasProbe, now, effects);
            return null;
        }
        var verdict = AttemptVerdict.Of(ended.Delivery, ended.Outcomes, ended.Failure, IsExpired(number, now), now);
        var recorded = Apply(destination, number, verdict, 1, now);
        Meet(destination, verdict.Domain, wasProbe, now, effects);
        return recorded;
    }

    /// <summary>Puts in order what a batch of ended jobs has changed.</summary>
    public void SettleEnded(DateTimeOffset now, QueueEffects effects) => SettleTouched(now, effects);

    /// <summary>An entry has been opened to have its end or its failure recorded.</summary>
    public RecordedVerdict? Opened(int number, SpooledDelivery delivery, DateTimeOffset now, QueueEffects effects)
    {
        if (!FinishOpening(number, out var destination, out var opening))
        {
            return null;
        }
        Take(destination, number);
        var verdict = opening.Expired
            ? AttemptVerdict.OfExpiry(delivery, opening.Failure, now)
            : AttemptVerdict.Of(delivery, [], opening.Failure, IsExpired(number, now), now);
        var recorded = Apply(destination, number, verdict, opening.Expired ? 0 : 1, now);
        OpenNext(effects);
        Touch(destination);
        SettleTouched(now, effects);
        return recorded;
    }

    /// <summary>An entry could not be opened: because it is damaged, and the spool has set it aside; or for now.</summary>
    public void NotOpened(int number, SpoolFault fault, DateTimeOffset now, QueueEffects effects)
    {
        if (!FinishOpening(number, out var destination, out var opening))
        {
            return;
        }
        if (fault == SpoolFault.Damaged || _lettingGo)
        {
            Take(destination, number);
            Forget(destination, number);
        }
        else
        {
            _opening[number] = opening;
            _reopenAt[number] = now + ReopenAfter;
            SetTimer(number);
        }
        OpenNext(effects);
        Touch(destination);
        SettleTouched(now, effects);
    }

    private bool FinishOpening(int number, out DestinationQueue destination, out Opening opening)
    {
        if (!_opening.Remove(number, out opening))
        {
            destination = null!;
            return false;
        }
        _beingOpened--;
        destination = _destinationsByNumber[_entries[number].Destination]!;
        return true;
    }

    private RecordedVerdict Apply(DestinationQueue destination, int number, AttemptVerdict verdict, int made, DateTimeOffset now)
    {
        ref var entry = ref _entries[number];
        var attempts = entry.Attempts + made;
        var next = now;
        var before = entry.Open;
        if (verdict.Open == 0)
        {
            Forget(destination, number);
            return new(new(entry.Entry), attempts, next, verdict);
        }
        entry.Open = verdict.Open;
        Recipients -= before - verdict.Open;
        destination.Recipients -= before - verdict.Open;
        if (verdict.PutOff)
        {
            entry.Attempts = (ushort)Math.Min(attempts, ushort.MaxValue);
            next = schedule.NextAttempt(attempts, entry.ArrivedAt, now, random());
            entry.NextAttempt = next.UtcTicks;
            Place(destination, number, verdict.WithDomain ? EntryState.PutOff : EntryState.Deferred);
        }
        else
        {
            attempts = entry.Attempts;
            Place(destination, number, EntryState.Due);
        }
        return new(new(entry.Entry), attempts, next, verdict);
    }

    /// <summary>Back in front of its queue, with no attempt counted: nothing was tried.</summary>
    private void GiveBack(DestinationQueue destination, int number, DateTimeOffset now, QueueEffects effects)
    {
        if (_lettingGo)
        {
            Forget(destination, number);
            return;
        }
        if (IsExpired(number, now))
        {
            Condemn(destination, number, new(destination.LastFailure, Expired: true), effects);
            return;
        }
        _entries[number].State = EntryState.Due;
        destination.Due.Prepend(_entries, number);
        SetTimer(number);
    }

    /// <summary>Has an entry without an owner opened, to record what the disk must tell the recipients of.</summary>
    private void Condemn(DestinationQueue destination, int number, Opening opening, QueueEffects effects)
    {
        if (_lettingGo)
        {
            Forget(destination, number);
            return;
        }
        _opening[number] = opening;
        Place(destination, number, EntryState.Opening);
        _toOpen.Enqueue(number);
        OpenNext(effects);
    }

    private void OpenNext(QueueEffects effects)
    {
        while (_beingOpened < OpenedAtATime && _toOpen.TryDequeue(out var number))
        {
            _beingOpened++;
            effects.Open.Add((number, new(_entries[number].Entry)));
        }
    }

    /// <summary>
    /// The domain cannot be reached by any route. For good: all its mail bounces. For now: what is due longest stands for all as the attempt that failed, once a decision; the rest stays due
    /// and goes out when there is a route. So a name server's bad hour costs one record a decision, not one a message.
    /// </summary>
    private void GiveUpUnroutable(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Route is not Route.Nowhere nowhere)
        {
            return;
        }
        if (destination.Stand == DestinationStand.Nowhere)
        {
            CondemnAll(ref destination.Due);
            CondemnAll(ref destination.Deferred);
            CondemnAll(ref destination.PutOff);
        }
        else if (!destination.StoodFor && destination.Due.Count > 0 && !_paused)
        {
            destination.StoodFor = true;
            var number = destination.Due.First;
            Take(destination, number);
            Condemn(destination, number, new(nowhere.Failure, Expired: false), effects);
        }

        void CondemnAll(ref EntryList list)
        {
            while (list.Count > 0)
            {
                var number = list.First;
                Take(destination, number);
                Condemn(destination, number, new(nowhere.Failure, Expired: false), effects);
            }
        }
    }

    /// <summary>What an attempt has met goes to the delivery actor: at once where it was the probe, or changes what we believe; else with the next report.</summary>
    private void Meet(DestinationQueue destination, DeliveryProtocol.AttemptsOutcome met, bool wasProbe, DateTimeOffset now, QueueEffects effects)
    {
        var tell = (met, destination.Stand) switch
        {
            (DeliveryProtocol.AttemptsOutcome.None, _) => false,
            (_, DestinationStand.Probe) => wasProbe || met == DeliveryProtocol.AttemptsOutcome.Reached,
            (DeliveryProtocol.AttemptsOutcome.Reached, DestinationStand.Suspect or DestinationStand.Down) => true,
            (DeliveryProtocol.AttemptsOutcome.Unreachable, DestinationStand.Open or DestinationStand.Unknown) => true,
            _ => false,
        };
        if (met == DeliveryProtocol.AttemptsOutcome.Reached && destination.Stand == DestinationStand.Suspect && destination.Met == met)
        {
            return;     // told already
        }
        if (tell)
        {
            destination.Met = met;
            destination.Stand = DestinationStand.Suspect;
            AskNow(destination, now, effects);
        }
        else if (met == DeliveryProtocol.AttemptsOutcome.Reached && destination.Stand == DestinationStand.Open)
        {
            destination.Met = met;
        }
    }
}
