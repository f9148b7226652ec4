using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

/// <summary>
/// A cluster under virtual time: the real granter, holder, fence and holdings of each node, and a world that loses, doubles and delays messages, pauses and suspends nodes, sets their clocks,
/// cuts them off, kills and replaces them, and moves the site's actor. After each step the invariant is checked. The same seed gives the same run.
/// </summary>
internal sealed partial class LeaseSimulation
{
    private static readonly SiteKey Site = new("mx.example.org", SiteKey.DefaultSource);

    private readonly Random _random;
    private readonly PriorityQueue<Action, (long, long)> _events = new();
    private readonly List<SimulatedNode> _nodes = [];
    private readonly Queue<(TimeSpan At, int Limit)> _granted = new();
    private readonly double _loss;
    private long _sequence;
    private int _made;
    private TimeSpan _now;
    private int _limit;
    private bool _calm;
    private SimulatedNode _owner;
    private SimulatedNode? _cutOff;

    public LeaseSimulation(int seed, int nodes, int limit, bool limitChanges)
    {
        _random = new Random(seed);
        _limit = limit;
        _loss = _random.NextDouble() * 0.3;
        for (var i = 0; i < nodes; i++)
        {
            _nodes.Add(new SimulatedNode(this, ++_made, limit));
        }

        foreach (var node in _nodes)
        {
            node.Join(_nodes);
        }

        _owner = _nodes[0];
        foreach (var node in _nodes)
        {
            node.KnownOwner = _owner;
            Every(node, () => TimeSpan.FromMilliseconds(_random.Next(100, 400)), node.Step);
            Every(node, () => TimeSpan.FromSeconds(1), node.PingOthers);
        }

        Later(TimeSpan.FromSeconds(1), Controller);
        Later(TimeSpan.FromSeconds(5), Trouble);
        _limitChanges = limitChanges;
    }

    private readonly bool _limitChanges;

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    public int GrantsSeen { get; private set; }

    public int ConnectionsSeen { get; private set; }

    /// <summary>Told of each request and answer, to find out what happened in a schedule.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>No trouble from now on, and all that was going on ends.</summary>
    public void CalmDown()
    {
        _calm = true;
        _cutOff = null;
    }

    public void Run(TimeSpan until, Action? watch = null)
    {
        while (_events.TryPeek(out _, out var at) && at.Item1 <= until.Ticks)
        {
            var action = _events.Dequeue();
            _now = TimeSpan.FromTicks(at.Item1);
            action();
            Check();
            watch?.Invoke();
        }

        _now = until;
    }

    private void Check()
    {
        // The nodes' clocks run up to a thousandth too fast or too slow.
        while (_granted.TryPeek(out var oldest) && oldest.At <= _now - LeaseTiming.TimeToLive - LeaseTiming.Drift)
        {
            _granted.Dequeue();
        }

        var leased = 0;
        foreach (var node in _nodes)
        {
            leased += node.IsDead ? 0 : node.Leased;
        }

        var highest = 0;
        foreach (var (_, limit) in _granted)
        {
            highest = Math.Max(highest, limit);
        }

        ConnectionsSeen = Math.Max(ConnectionsSeen, leased);
        if (leased > highest)
        {
            throw new InvalidOperationException(
                $"at {_now}: {leased} leased, limit {highest}: {string.Join(", ", _nodes.Where(node => !node.IsDead).Select(node => $"{node.Id}={node.Leased}"))}");
        }
    }

    private void Granted(int limit)
    {
        GrantsSeen++;
        _granted.Enqueue((_now, limit));
    }

    private void Later(TimeSpan delay, Action action) => _events.Enqueue(action, ((_now + delay).Ticks, ++_sequence));

    private void Every(SimulatedNode node, Func<TimeSpan> interval, Action action) => Later(interval(), () =>
    {
        if (node.IsDead)
        {
            return;
        }

        if (_now < node.PausedUntil)
        {
            Later(node.PausedUntil - _now, () => Again(node, interval, action));
            return;
        }

        Again(node, interval, action);
    });

    private void Again(SimulatedNode node, Func<TimeSpan> interval, Action action)
    {
        if (!node.IsDead)
        {
            action();
            Every(node, interval, action);
        }
    }

    private void Send(SimulatedNode from, SimulatedNode to, Action<SimulatedNode> deliver)
    {
        if (from == to)
        {
            Later(TimeSpan.FromMilliseconds(0.1), () => Arrive(from, to, deliver));
            return;
        }

        var copies = _calm ? 1 : _random.NextDouble() < _loss ? 0 : _random.NextDouble() < 0.05 ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            var delay = _calm || _random.NextDouble() > 0.03 ? _random.Next(1, 50) : _random.Next(50, 20_000);
            Later(TimeSpan.FromMilliseconds(delay), () => Arrive(from, to, deliver));
        }
    }

    private void Arrive(SimulatedNode from, SimulatedNode to, Action<SimulatedNode> deliver)
    {
        if (to.IsDead || (from != to && (from == _cutOff || to == _cutOff)))
        {
            return;
        }

        if (_now < to.PausedUntil)
        {
            Later(to.PausedUntil - _now, () => Arrive(from, to, deliver));
            return;
        }

        deliver(to);
    }
}
