using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

/// <summary>
/// A node's queue with all that it talks to, moved by chance: the real queue, pool, lease and delivery states; domains that come and go, connections that break, messages that come late, twice or
/// never where they may. After every step the promises are checked.
/// </summary>
internal sealed partial class QueueSimulation
{
    private NodeId _node = new("node:4053", 1);
    private static readonly RetryOptions Retry = new() { First = TimeSpan.FromMinutes(5), Lifetime = TimeSpan.FromHours(10), DelayNotice = TimeSpan.FromHours(1), Max = TimeSpan.FromHours(1) };

    private readonly Random _random;
    private readonly RetrySchedule _schedule = new(Retry);
    private readonly SuspendedDomains _suspended = new();
    private readonly QueueEffects _effects = new();
    private readonly Dictionary<int, SimulatedEntry> _entries = [];
    private readonly List<SimulatedDomain> _domains = [];
    private readonly RequestNumbers _numbers = new();
    private readonly Dictionary<SiteKey, SimulatedPool> _pools = [];
    private Dictionary<object, Queue<Action>> _channels = [];
    private QueueState _queue = null!;
    private DateTimeOffset _now = Start;
    private DateTimeOffset _latest = Start;
    private bool _lossy = true;
    private int _lastEntry;

    public QueueSimulation(int seed)
    {
        _random = new(seed);
        for (var i = 0; i < 4; i++)
        {
            _domains.Add(new(this, new($"domain{i}.example"), Site($"site{i % 3}")));
        }
        StartQueue();
    }

    public int Ended => _entries.Values.Count(e => e.HasEnded);

    public int Delivered { get; private set; }

    public int Failed { get; private set; }

    public int Notices => _entries.Values.Sum(e => e.Notices);

    public int Probes { get; private set; }

    /// <summary>A history of so many steps.</summary>
    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            CheckOwners();
        }
    }

    /// <summary>All trouble ends; what waits must end too, each recipient once.</summary>
    public void Heal()
    {
        _lossy = false;
        foreach (var domain in _domains)
        {
            domain.Trouble = Trouble.None;
            domain.Tell();
        }
        Do(q => q.Resume(_now, _effects));
        Suspend([]);
        for (var i = 0; i < 20_000 && _entries.Values.Any(e => !e.HasEnded); i++)
        {
            Drain();
            CheckOwners();
            Advance(NextEvent() is { } next && next > _now ? next - _now : TimeSpan.FromMilliseconds(20));
        }
        var stuck = _entries.Values.Where(e => !e.HasEnded).Select(e => $"{e.Domain.Name}: {string.Join(",", e.Statuses)}").ToList();
        Assert.True(stuck.Count == 0, $"stuck: {string.Join("; ", stuck)}; {Explain()}");
        Assert.Equal(0, _queue.Entries);
        Assert.Equal(0, _queue.Recipients);
    }

    /// <summary>The node hands its spool over: what is with connections ends, and then nothing is done to any entry any more, however late it gets.</summary>
    public void LetGo()
    {
        _lossy = false;
        // Once is enough: what comes back later is let go of, too.
        Do(q => q.LetGo(_now, _effects));
        for (var i = 0; i < 5000 && _queue.Entries > 0; i++)
        {
            Drain();
            Advance(TimeSpan.FromMilliseconds(20));
        }
        Assert.Equal(0, _queue.Entries);
        var before = Stands();
        Arrive(3);
        Advance(TimeSpan.FromDays(10));
        Drain();
        Do(q => q.Resume(_now, _effects));
        Drain();
        Assert.Equal(before, Stands().Take(before.Count));
        Assert.Empty(_queue.Owners());
        Assert.Equal(0, _queue.Recipients);

        List<string> Stands() => [.. _entries.Values.OrderBy(static entry => entry.Index).Select(static entry => $"{entry.Index} {entry.Attempts} {entry.Notices} {string.Join(',', entry.Statuses)}")];
    }

    private string Explain() => string.Join("; ", _queue.Inspect(new(null, 10)).Described.Select(d => d.ToString()));

    private void Step()
    {
        switch (_random.Next(40))
        {
            case < 6: Arrive(_random.Next(1, 6)); break;
            case < 9: Advance(TimeSpan.FromMilliseconds(_random.Next(1, 2000))); break;
            case < 11: Advance(TimeSpan.FromSeconds(_random.Next(1, 600))); break;
            case 11: Advance(TimeSpan.FromMinutes(_random.Next(1, 120))); break;
            case 12: ChangeTrouble(); break;
            case 13: Pick(_domains).MoveSite(Site($"site{_random.Next(4)}")); break;
            case 14 when _random.Next(3) == 0: Do(q => q.Pause(_now, _effects)); break;
            case 14 or 15: Do(q => q.Resume(_now, _effects)); break;
            case 16 when _random.Next(20) == 0: Restart(); break;
            case 17 when _random.Next(10) == 0: _now -= TimeSpan.FromMinutes(_random.Next(1, 90)); break;
            case 18 when _random.Next(5) == 0 && _pools.Count > 0: CrashPool(Pick(_pools.Values.ToList())); break;
            case 20: Suspend(_domains.Where(_ => _random.Next(4) == 0)); break;
            case 19: Drain(); CheckNothingOverdue(); break;
            default: Deliver(); break;
        }
    }

    private void Arrive(int count)
    {
        var arrivals = new List<Arrival>();
        for (var i = 0; i < count; i++)
        {
            var domain = Pick(_domains);
            var entry = new SimulatedEntry(++_lastEntry, domain, _random.Next(1, 4), _now);
            _entries.Add(entry.Index, entry);
            arrivals.Add(entry.ToArrival());
        }
        Do(q => q.Arrive(arrivals, _now, _effects));
    }

    private void Suspend(IEnumerable<SimulatedDomain> domains)
    {
        _suspended.Set(RuleSet.Empty.Merge(domains.Select(domain => new Rule(Suspension.KeyOf(domain.Name), new(1, "node"), IsRemoved: false, "", null, "simulation", "", Start))), _now);
        Do(q => q.Suspend([.. _domains.Select(domain => domain.Name)], _now, _effects));
    }

    private void ChangeTrouble()
    {
        var domain = Pick(_domains);
        domain.Trouble = (Trouble)_random.Next(Enum.GetValues<Trouble>().Length);
        domain.Tell();
    }

    private void Advance(TimeSpan by)
    {
        _now += by;
        _latest = _now > _latest ? _now : _latest;      // the clock may be set back in between
        Do(q => q.Elapse(_now, _effects));
        foreach (var pool in _pools.Values.ToList())
        {
            pool.Elapse();
        }
        foreach (var domain in _domains)
        {
            domain.Elapse();
        }
    }

    private DateTimeOffset? NextEvent()
    {
        var next = _queue.NextEvent;
        foreach (var pool in _pools.Values)
        {
            if (pool.NextEvent is { } at && (next is null || at < next))
            {
                next = at;
            }
        }
        return next;
    }

    private void StartQueue() => _queue = new(_node, _schedule, _suspended, 3, _random.NextDouble, _now);

    /// <summary>The process dies and comes again: whatever was in memory is gone, the spool is not.</summary>
    private void Restart()
    {
        _channels = [];
        _pools.Clear();
        _node = _node with { Incarnation = _node.Incarnation + 1 };
        _domains.ForEach(d => d.Probe = null);
        StartQueue();
        var found = _entries.Values.Where(e => !e.HasEnded).Select(e => e.ToArrival()).ToList();
        Do(q => q.Arrive(found, _now, _effects));
    }

    private void CrashPool(SimulatedPool pool)
    {
        _pools.Remove(pool.Site);
        pool.Die();
    }

    // --- What the queue's shell does ---

    private void Do(Action<QueueState> input)
    {
        input(_queue);
        foreach (var (pool, ready) in _effects.Ready)
        {
            foreach (var job in ready.Jobs)
            {
                CheckProbe(ready.Domain, job);
            }
            Send(pool, () => ((SimulatedPool)pool).Take(ready));
        }
        foreach (var message in _effects.ForPools)
        {
            Send("pools", () => PoolFor(message)?.Take(message));
        }
        foreach (var report in _effects.Reports)
        {
            var domain = _domains.Single(d => d.Name == report.Domain);
            SendUnreliably(domain, () => domain.Take(report));
        }
        foreach (var delayed in _effects.Delayed)
        {
            _entries[delayed.Entry.Index].Notices++;
        }
        foreach (var (number, entry) in _effects.Open)
        {
            var queue = _queue;
            Send("spool", () =>
            {
                if (_random.Next(10) == 0 && _lossy)
                {
                    Do(q => q.NotOpened(number, SpoolFault.Unreadable, _now, _effects));
                }
                else
                {
                    var delivery = _entries[entry.Index].Open();
                    Do(q => Record(q.Opened(number, delivery, _now, _effects), []));
                }
            });
        }
        _effects.Clear();
    }

    public void EndJobs(IReadOnlyList<JobEnded> jobs) => Do(q =>
    {
        foreach (var job in jobs)
        {
            var domain = _domains.Single(d => d.Name == job.Job.Domain);
            domain.Probe = ReferenceEquals(domain.Probe, job.Job) ? null : domain.Probe;
            Record(q.End(job, _now, _effects), job.Outcomes);
        }
        q.SettleEnded(_now, _effects);
    });

    private void Record(RecordedVerdict? recorded, IReadOnlyList<AttemptOutcome> outcomes)
    {
        if (recorded is not { } verdict)
        {
            return;
        }
        var entry = _entries[verdict.Entry.Index];
        var changed = verdict.Verdict.Changed ?? [.. outcomes.Select(o => new RecipientOutcome(o.Recipient, RecipientStatus.Delivered, null))];
        foreach (var change in changed)
        {
            Assert.Equal(RecipientStatus.Open, entry.Statuses[change.Recipient]);     // none ends twice
            entry.Statuses[change.Recipient] = change.Status;
            Delivered += change.Status == RecipientStatus.Delivered ? 1 : 0;
            Failed += change.Status == RecipientStatus.FailedReportOwed ? 1 : 0;
            if (change.Detail is { Expired: true })
            {
                Assert.True(_latest >= _schedule.ExpiryOf(entry.Arrived), "expired before its time");
            }
        }
        entry.Attempts = verdict.Attempts;
        entry.NextAttempt = verdict.NextAttempt;
        Assert.Equal(entry.Statuses.Count(s => s == RecipientStatus.Open), verdict.Verdict.Open);
        Assert.True(verdict.NextAttempt <= _schedule.ExpiryOf(entry.Arrived) || verdict.Verdict.Open == 0, "an attempt after the end of the lifetime");
    }

    private SimulatedPool? PoolFor(SitePoolProtocol.IForPool message)
    {
        if (!_pools.TryGetValue(message.Site, out var pool) && message is SitePoolProtocol.Waiting { Jobs: > 0 })
        {
            _pools.Add(message.Site, pool = new(this, message.Site));
        }
        return pool;
    }

    // --- Messages on their way: in order on each way, in any order between ways ---

    private void Send(object way, Action arrives)
    {
        if (!_channels.TryGetValue(way, out var channel))
        {
            _channels.Add(way, channel = new());
        }
        channel.Enqueue(arrives);
    }

    private void SendUnreliably(object way, Action arrives)
    {
        var copies = !_lossy ? 1 : _random.Next(10) switch { 0 => 0, 1 => 2, _ => 1 };
        for (var i = 0; i < copies; i++)
        {
            Send(_lossy && _random.Next(10) == 0 ? "late" : way, arrives);
        }
    }

    private bool Deliver()
    {
        var ways = _channels.Values.Where(c => c.Count > 0).ToList();
        if (ways.Count == 0)
        {
            return false;
        }
        Pick(ways).Dequeue()();
        return true;
    }

    private void Drain()
    {
        for (var i = 0; i < 100_000; i++)
        {
            if (!Deliver())
            {
                return;
            }
        }
        Assert.Fail($"messages without end; {Explain()}");
    }

    private T Pick<T>(List<T> from) => from[_random.Next(from.Count)];

    // --- The promises ---

    private void CheckOwners()
    {
        var owners = _queue.Owners().ToList();
        var waiting = _entries.Values.Where(e => !e.HasEnded).Select(e => e.Index).Order().ToList();
        Assert.Equal(waiting, owners.Select(o => o.Entry.Index).Order());     // each has one owner, and nothing else has one
        foreach (var owner in owners)
        {
            var isCalledFor = owner.IsTimed || owner.Owner is EntryState.HandedOut or EntryState.Opening;
            Assert.True(isCalledFor, $"entry {owner.Entry} in {owner.Owner} has no next event");
        }
        Assert.Equal(_entries.Values.Sum(e => e.Statuses.Count(s => s == RecipientStatus.Open)), _queue.Recipients);
        foreach (var pool in _pools.Values)
        {
            pool.Check();
        }
    }

    /// <summary>Nothing is on its way: what has expired is with a connection, being opened, or gone.</summary>
    private void CheckNothingOverdue()
    {
        Do(q => q.Elapse(_now, _effects));
        foreach (var owner in _queue.Owners())
        {
            if (_schedule.ExpiryOf(owner.Arrived) < _now - TimerWheel.Tick)
            {
                Assert.True(owner.Owner is EntryState.HandedOut or EntryState.Opening, $"entry {owner.Entry} has expired and is {owner.Owner}");
            }
        }
    }

    private void CheckProbe(DomainName name, DeliveryJob job)
    {
        var domain = _domains.Single(d => d.Name == name);
        if (_queue.Inspect(new(name, 1)).Described[0].Stand == nameof(DestinationStand.Probe))
        {
            Assert.True(domain.Probe is null, $"a second probe of {name}");
            domain.Probe = job;
            Probes++;
        }
    }
}
