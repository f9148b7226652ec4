using MailCluster.Actors.Delivery;
using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Queue;

/// <content>What the delivery actors are asked and told, and what their decisions change.</content>
internal sealed partial class QueueState
{
    /// <summary>An empty destination is taken leave of after this, so that a steady trickle of mail does not say goodbye between any two messages.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstRepeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRepeat = TimeSpan.FromMinutes(1);

    /// <summary>After so many repeats a question gives up its place to one that waits in line.</summary>
    private const int RepeatsInPlace = 3;

    /// <summary>Between two decisions a domain's actor hears of a change of its queue by this many recipients, or an eighth.</summary>
    private const int TellingChange = 1024;

    private readonly Queue<DestinationQueue> _line = [];
    private long _number;

    /// <summary>Questions without an answer.</summary>
    public int Questions { get; private set; }

    /// <summary>Asks, tells or takes leave, where there is reason to.</summary>
    private void Question(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Entries == 0)
        {
            if (destination.LeaveAt == DateTimeOffset.MaxValue)
            {
                destination.LeaveAt = now + Linger;
            }
            return;
        }
        destination.LeaveAt = DateTimeOffset.MaxValue;
        if (_paused || destination.Asked != 0 || destination.InLine)
        {
            return;
        }
        var change = destination.Recipients - destination.Reported;
        if (destination.Stand is DestinationStand.Unknown or DestinationStand.Suspect || now >= destination.RefreshAt || now >= destination.HeldUntil
            || Math.Abs(change) >= Math.Max(TellingChange, destination.Reported / 8))
        {
            AskNow(destination, now, effects);
        }
    }

    /// <summary>Asks, with a new number that an answer must reach; waits in line where too many questions are open.</summary>
    private void AskNow(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Asked == 0)
        {
            if (destination.InLine)
            {
                return;
            }
            if (Questions >= questions)
            {
                destination.InLine = true;
                _line.Enqueue(destination);
                return;
            }
            Questions++;
        }
        destination.Asked = _number + 1;
        destination.LeastAnswer = _number + 1;
        destination.Repeats = 0;
        SendQuestion(destination, now, effects);
    }

    private void SendQuestion(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        var wait = FirstRepeat * (1 << Math.Min(destination.Repeats, 6));
        destination.RepeatAt = now + (wait < LongestRepeat ? wait : LongestRepeat);
        SetDestinationTimer(destination);
        Report(destination, destination.Recipients, now, effects);
    }

    private void Report(DestinationQueue destination, int recipients, DateTimeOffset now, QueueEffects effects)
    {
        destination.Reported = recipients;
        var oldest = OldestOf(destination) is { } arrived && arrived < now ? now - arrived : TimeSpan.Zero;
        var refresh = destination.Route is null || now >= destination.RefreshAt || destination.Met == DeliveryProtocol.AttemptsOutcome.Unreachable;
        effects.Reports.Add(new(destination.Domain, node, ++_number, recipients, oldest, destination.Met, refresh, destination.Closed));
    }

    private void CloseQuestion(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Asked == 0)
        {
            return;
        }
        destination.Asked = 0;
        destination.RepeatAt = DateTimeOffset.MaxValue;
        Questions--;
        while (Questions < questions && _line.TryDequeue(out var next))
        {
            next.InLine = false;
            if (next.Entries > 0 && !_paused && _destinationsByNumber[next.Number] == next)
            {
                AskNow(next, now, effects);
            }
        }
    }

    /// <summary>A delivery actor has decided.</summary>
    public void Decide(DeliveryProtocol.Decision decision, DateTimeOffset now, QueueEffects effects)
    {
        if (!_destinations.TryGetValue(decision.Domain, out var destination) || IsOutdated(destination, decision))
        {
            return;
        }
        if (decision.Number != 0)
        {
            destination.LeastAnswer = decision.Number;
            destination.Met = DeliveryProtocol.AttemptsOutcome.None;
            CloseQuestion(destination, now, effects);
        }
        var timeToLive = decision.TimeToLive > FirstRepeat ? decision.TimeToLive : FirstRepeat;
        destination.DecisionEnds = now + timeToLive;
        destination.RefreshAt = now + timeToLive * 0.875;
        destination.Closed = decision.Closed;
        Follow(destination, decision.Route, effects);
        Obey(destination, decision.Route, decision.Schedule, now);
        Settle(destination, now, effects);
    }

    /// <summary>An answer to an earlier report than the one that counts; or an unasked word, while we wait for the answer to what it may not know yet.</summary>
    private static bool IsOutdated(DestinationQueue destination, DeliveryProtocol.Decision decision) => decision.Number == 0
        ? destination.Asked != 0 && destination.Met != DeliveryProtocol.AttemptsOutcome.None
        : decision.Number < destination.LeastAnswer;

    private void Follow(DestinationQueue destination, Route route, QueueEffects effects)
    {
        if (destination.Route is Route.To before && (route as Route.To)?.Site != before.Site)
        {
            LeavePool(destination, before, effects);
        }
        destination.Route = route;
        destination.LastFailure = (route as Route.Nowhere)?.Failure;
        destination.StoodFor = false;
    }

    private void Obey(DestinationQueue destination, Route route, DomainSchedule domain, DateTimeOffset now)
    {
        destination.HeldUntil = DateTimeOffset.MaxValue;
        destination.Stand = (route, domain) switch
        {
            (Route.Nowhere { Failure.IsPermanent: true }, _) => DestinationStand.Nowhere,
            (Route.Nowhere, _) => DestinationStand.Unroutable,
            (_, DomainSchedule.Down) => DestinationStand.Down,
            (_, DomainSchedule.Suspended) => DestinationStand.Suspended,
            (_, DomainSchedule.Probe) => DestinationStand.Probe,
            _ => DestinationStand.Open,
        };
        if (domain is DomainSchedule.Down or DomainSchedule.Suspended && route is Route.To)
        {
            var wait = domain is DomainSchedule.Down down ? down.RetryAfter : ((DomainSchedule.Suspended)domain).RetryAfter;
            destination.HeldUntil = now + (wait > FirstRepeat ? wait : FirstRepeat);
        }
        destination.WasDown |= destination.Stand is DestinationStand.Down or DestinationStand.Probe or DestinationStand.Unroutable;
        if (destination is { Stand: DestinationStand.Open, WasDown: true })
        {
            destination.WasDown = false;
            Release(destination, now);
        }
    }

    /// <summary>The domain has recovered: what was put off because of it alone is due at once.</summary>
    private void Release(DestinationQueue destination, DateTimeOffset now)
    {
        while (destination.PutOff.Count > 0)
        {
            var number = destination.PutOff.First;
            Take(destination, number);
            Place(destination, number, EntryState.Due);
        }
    }

    /// <summary>No more mail, and the decision has run out, or there never was one: the destination is forgotten.</summary>
    private void Drop(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Route is Route.To to)
        {
            LeavePool(destination, to, effects);
        }
        _destinations.Remove(destination.Domain);
        _destinationsByNumber[destination.Number] = null;
        _freeDestinations.Push(destination.Number);
        _destinationTimers.Cancel(destination.Number);
        CloseQuestion(destination, now, effects);
    }

    private void SayGoodbye(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination.Reported > 0)
        {
            Report(destination, 0, now, effects);
            destination.Met = DeliveryProtocol.AttemptsOutcome.None;
        }
        CloseQuestion(destination, now, effects);
    }
}
