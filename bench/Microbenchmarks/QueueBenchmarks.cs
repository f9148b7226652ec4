using System.Globalization;
using System.Net;
using BenchmarkDotNet.Attributes;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Microbenchmarks;

/// <summary>The queue's decisions alone, without actors: one message's way, and timers among a million others.</summary>
[MemoryDiagnoser]
public class QueueBenchmarks
{
    private const int Batch = 50;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DomainName Domain = new("example.net");
    private static readonly SiteKey Site = new("mx.example.net", SiteKey.DefaultSource);
    private static readonly Route.To To = new(Site, [new("mx.example.net", 10, [IPAddress.Loopback], 25)]);
    private static readonly OutboundPeer Peer = new("mx.example.net", new(IPAddress.Loopback, 25), null, false, "out-1");

    private readonly QueueEffects _effects = new();
    private readonly object _pool = new();
    private readonly Arrival[] _arrivals = [.. Enumerable.Range(0, Batch).Select(i => new Arrival(new(i), Domain, 1, 0, Start, 0, Start, false, 10_000))];
    private readonly AttemptOutcome[] _outcomes = [new(0, new Reply(250, new(2, 0, 0), "queued"), null, Peer)];
    private readonly List<int> _fired = [];
    private static readonly SpooledDelivery Delivery = new(
        new(1), new(1, 1), new(new("s@example.org"), MailParameters.None, Start, new("", "", "", "ESMTP"), [new(Domain, [new(new("a@example.net", Domain), RcptParameters.None)])]),
        0, [new RecipientOutcome(0, RecipientStatus.Open, null)], 0, null!);
    private QueueState _queue = null!;
    private TimerWheel _wheel = null!;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        _queue = new(new("node:4053", 1), new(new()), new(), 5000, () => 0.5, Start);
        for (var i = 0; i < 1000; i++)
        {
            var domain = new DomainName(string.Create(CultureInfo.InvariantCulture, $"domain{i}.example"));
            _queue.Arrive([.. Enumerable.Range(0, 1000).Select(n => new Arrival(new(n), domain, 1, 0, Start, 0, Start, false, 10_000))], Start, _effects);
            _effects.Clear();
        }
        _queue.Arrive(_arrivals[..1], Start, _effects);
        _queue.Decide(new(Domain, 0, To, new DomainSchedule.Open(), false, TimeSpan.FromHours(1)), Start, _effects);
        _queue.Want(new(Site, Domain, int.MaxValue / 2), _pool, Start, _effects);
        _effects.Clear();
        _wheel = new(Start);
        var random = new Random(1);
        for (var i = 0; i < 1_000_000; i++)
        {
            _wheel.Set(i, Start + TimeSpan.FromSeconds(random.NextDouble() * 14_400));
        }
    }

    /// <summary>Committed, handed to the pool, delivered: beside a million others that wait.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int MessageThroughTheQueue()
    {
        _queue.Arrive(_arrivals, Start, _effects);
        var jobs = _effects.Ready[0].Ready.Jobs;
        _effects.Clear();
        for (var i = 0; i < jobs.Count; i++)
        {
            _queue.End(new(jobs[i], Delivery, _outcomes, null), Start, _effects);
        }
        _queue.SettleEnded(Start, _effects);
        _effects.Clear();
        return _queue.Entries;
    }

    /// <summary>One of a million timers is moved.</summary>
    [Benchmark]
    public void MoveATimer()
    {
        _next = (_next + 7919) % 1_000_000;
        _wheel.Set(_next, Start + TimeSpan.FromSeconds(1 + _next % 14_000));
    }

    /// <summary>Nothing fires: what a look at the wheel costs.</summary>
    [Benchmark]
    public DateTimeOffset? NextTimer() => _wheel.NextTime;
}
