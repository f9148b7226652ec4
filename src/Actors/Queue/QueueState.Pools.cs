using MailCluster.Actors.Delivery;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Queue;

/// <content>What is handed to pools, when, and how it comes back.</content>
internal sealed partial class QueueState
{
    private readonly Dictionary<int, DeliveryJob> _handedOut = [];
    private long _turn;
    private bool _paused;

    /// <summary>A pool has room.</summary>
    public void Want(QueueProtocol.Want want, object pool, DateTimeOffset now, QueueEffects effects)
    {
        if (!_destinations.TryGetValue(want.Domain, out var destination) || destination.Route is not Route.To to || to.Site != want.Site)
        {
            effects.Ready.Add((pool, new(want.Site, want.Domain, [], 0, null, want.Jobs, ++_turn)));
            return;
        }
        destination.Pool = pool;
        if (want.Jobs > 0)
        {
            destination.Allowance += want.Jobs;
            HandOver(destination, to, effects);
        }
        else
        {
            TakeBackAllowance(destination, to, effects);
        }
        Settle(destination, now, effects);
    }

    /// <summary>A pool has gone, with what it had allowed and what it knew.</summary>
    public void PoolGone(SiteKey site, DateTimeOffset now, QueueEffects effects)
    {
        foreach (var destination in _destinations.Values)
        {
            if (destination.Route is Route.To to && to.Site == site)
            {
                destination.Allowance = 0;
                destination.Told = 0;
                destination.TakenBack = false;
                destination.Pool = null;
                Touch(destination);
            }
        }
        SettleTouched(now, effects);
    }

    /// <summary>Nothing more is handed out, and nothing asked.</summary>
    public void Pause(DateTimeOffset now, QueueEffects effects)
    {
        _paused = true;
        SettleAll(now, effects);
    }

    /// <summary>On again.</summary>
    public void Resume(DateTimeOffset now, QueueEffects effects)
    {
        _paused = false;
        SettleAll(now, effects);
    }

    /// <summary>Operators have suspended or resumed domains: what waits in a pool comes back at once, or may go at once.</summary>
    public void Suspend(IReadOnlyList<DomainName> changed, DateTimeOffset now, QueueEffects effects)
    {
        foreach (var domain in changed)
        {
            if (_destinations.TryGetValue(domain, out var destination) && destination.Suspended != suspended.Contains(domain))
            {
                destination.Suspended = !destination.Suspended;
                Touch(destination);
            }
        }
        SettleTouched(now, effects);
    }

    private void SettleAll(DateTimeOffset now, QueueEffects effects)
    {
        foreach (var destination in _destinations.Values)
        {
            Touch(destination);
        }
        SettleTouched(now, effects);
    }

    /// <summary>How many jobs may go out now: any number, exactly one (the probe), or none.</summary>
    private int MayHandOut(DestinationQueue destination) => _paused || destination.Suspended ? 0 : destination.Stand switch
    {
        DestinationStand.Open => int.MaxValue,
        DestinationStand.Probe when destination.Probe == EntryList.None => 1,
        _ => 0,
    };

    /// <summary>What could go out if it may. A probe is made also with mail that was only put off because the domain was down.</summary>
    private static int Offered(DestinationQueue destination, int may) =>
        Math.Min(may, destination.Stand == DestinationStand.Probe ? destination.Due.Count + destination.PutOff.Count : destination.Due.Count);

    /// <summary>Brings a destination in order after anything that has changed. Doing it twice changes nothing more.</summary>
    private void Settle(DestinationQueue destination, DateTimeOffset now, QueueEffects effects)
    {
        if (destination is { Stand: DestinationStand.Nowhere or DestinationStand.Unroutable, Suspended: false })
        {
            GiveUpUnroutable(destination, now, effects);
        }
        if (destination.Route is Route.To to)
        {
            var may = MayHandOut(destination);
            if (may == 0)
            {
                TakeBack(destination, to, effects);
            }
            else
            {
                if (destination.Allowance > 0 && Offered(destination, may) > 0)
                {
                    HandOver(destination, to, effects);
                }
                if (destination is { Allowance: 0, Told: 0 } && Offered(destination, MayHandOut(destination)) is > 0 and var due)
                {
                    destination.Told = due;
                    destination.TakenBack = false;
                    effects.ForPools.Add(new SitePoolProtocol.Waiting(to.Site, destination.Domain, to, due, ++_turn));
                }
            }
        }
        Question(destination, now, effects);
        SetDestinationTimer(destination);
    }

    /// <summary>Hands over what the allowance covers and answers the pool; also where there is nothing, since the pool has asked or believes that there is.</summary>
    private void HandOver(DestinationQueue destination, Route.To to, QueueEffects effects)
    {
        var jobs = TakeJobs(destination);
        destination.Allowance -= jobs.Length;
        var returned = 0;
        if (MayHandOut(destination) is not int.MaxValue)
        {
            (returned, destination.Allowance) = (destination.Allowance, 0);     // an allowance stands only while the domain is open
        }
        destination.Told = Offered(destination, MayHandOut(destination));
        destination.TakenBack = false;
        effects.Ready.Add((destination.Pool!, new(to.Site, destination.Domain, jobs, destination.Told, to, returned, ++_turn)));
    }

    private DeliveryJob[] TakeJobs(DestinationQueue destination)
    {
        var count = Math.Min(destination.Allowance, Offered(destination, MayHandOut(destination)));
        if (count == 0)
        {
            return [];
        }
        var jobs = new DeliveryJob[count];
        for (var i = 0; i < count; i++)
        {
            var number = destination.Due.Count > 0 ? destination.Due.First : destination.PutOff.First;
            Take(destination, number);
            Place(destination, number, EntryState.HandedOut);
            ref var entry = ref _entries[number];
            jobs[i] = new(new(entry.Entry), destination.Domain, entry.ArrivedAt, entry.Size) { Number = number, Attempts = entry.Attempts };
            _handedOut.Add(number, jobs[i]);
            if (destination.Stand == DestinationStand.Probe)
            {
                destination.Probe = number;
            }
        }
        return jobs;
    }

    private void TakeBackAllowance(DestinationQueue destination, Route.To to, QueueEffects effects)
    {
        effects.Ready.Add((destination.Pool!, new(to.Site, destination.Domain, [], 0, to, destination.Allowance, ++_turn)));
        destination.Allowance = 0;
        destination.Told = 0;
    }

    /// <summary>Nothing may go out: the allowance is returned and the pool gives back what no connection has. The probe stays where it is.</summary>
    private void TakeBack(DestinationQueue destination, Route.To to, QueueEffects effects)
    {
        if (destination.Allowance > 0)
        {
            TakeBackAllowance(destination, to, effects);
        }
        var probing = destination is { Stand: DestinationStand.Probe, Suspended: false } && !_paused;
        if (!probing && !destination.TakenBack && (destination.Told > 0 || destination.HandedOut.Count > 0))
        {
            effects.ForPools.Add(new SitePoolProtocol.Waiting(to.Site, destination.Domain, to, 0, ++_turn));
            destination.TakenBack = true;
        }
        destination.Told = 0;
    }

    /// <summary>The route leads to another site, or to none: the old pool gives back everything.</summary>
    private void LeavePool(DestinationQueue destination, Route.To to, QueueEffects effects)
    {
        if (destination.Allowance > 0)
        {
            TakeBackAllowance(destination, to, effects);
        }
        if (destination.Told > 0 || destination.HandedOut.Count > 0)
        {
            effects.ForPools.Add(new SitePoolProtocol.Waiting(to.Site, destination.Domain, to, 0, ++_turn));
        }
        destination.Told = 0;
        destination.TakenBack = false;
        destination.Pool = null;
    }

    private void Recall(DestinationQueue destination, int number, QueueEffects effects)
    {
        _entries[number].Marks |= EntryMarks.Recalled;
        if (destination.Route is Route.To to)
        {
            effects.ForPools.Add(new SitePoolProtocol.Recall(to.Site, _handedOut[number]));
        }
    }
}
