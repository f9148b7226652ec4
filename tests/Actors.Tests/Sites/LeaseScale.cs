using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

/// <summary>
/// Many nodes and many sites under virtual time: the real granter of each site and the real holder of each node that has mail for it. <see cref="LeaseSimulation"/> looks for schedules that break
/// the protocol; this one looks at what the protocol costs and gives when the cluster is large. No limit is exceeded here either, and each acceptance of a grant checks it.
/// </summary>
internal sealed partial class LeaseScale
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private readonly LeaseScaleSetting _setting;
    private readonly LeaseScaleFigures _figures;
    private readonly Random _random;
    private readonly PriorityQueue<Action, (long, long)> _events = new();
    private readonly NodeId[] _nodes;
    private readonly LeaseHoldings[] _holdings;
    private readonly RequestNumbers[] _numbers;
    private readonly bool[] _dead;
    private readonly Dictionary<NodeId, Moment> _heard = [];
    private readonly Site[] _sites;
    private readonly List<Pair> _pairs = [];
    private Membership.View _view;
    private long _sequence;
    private long _incarnations;
    private TimeSpan _now;
    private long _second;
    private long _inSecond;

    public LeaseScale(LeaseScaleSetting setting, int seed, LeaseScaleFigures figures)
    {
        _setting = setting;
        _figures = figures;
        _random = new Random(seed);
        _nodes = [.. Enumerable.Range(1, setting.Nodes).Select(number => new NodeId($"node{number}:4053", number))];
        _holdings = [.. _nodes.Select(_ => new LeaseHoldings())];
        _numbers = [.. _nodes.Select(_ => new RequestNumbers())];
        _dead = new bool[setting.Nodes];
        _view = new([.. _nodes], [], [], new(TimeSpan.MaxValue, DateTimeOffset.MaxValue)) { Heard = _heard };
        _sites = [.. Enumerable.Range(0, setting.Destinations).Select(number => new Site(this, number, _random.Next(setting.Nodes)))];
        foreach (var site in _sites)
        {
            var first = _random.Next(setting.Nodes);
            for (var i = 0; i < setting.NodesEach; i++)
            {
                var pair = new Pair(this, site, (first + i) % setting.Nodes);
                site.Pairs.Add(pair);
                _pairs.Add(pair);
                Later(TimeSpan.FromMilliseconds(_random.Next(5000)), pair.Begin);
            }
        }
    }

    /// <summary>Runs one cluster and adds to its figures.</summary>
    public static void Run(LeaseScaleSetting setting, int seed, LeaseScaleFigures figures) => new LeaseScale(setting, seed, figures).Run();

    private Moment Moment => new(_now, DateTimeOffset.UnixEpoch + _now);

    private bool Counts => _now >= Settling;

    private void Run()
    {
        var end = Settling + TimeSpan.FromSeconds(_setting.Seconds);
        Later(Settling, () =>
        {
            foreach (var pair in _pairs) pair.BeginCounting();
        });
        if (_setting.NodeDies) Later(Settling + TimeSpan.FromSeconds(_setting.Seconds / 4), () => Die(_random.Next(_nodes.Length)));
        while (_events.TryPeek(out _, out var at) && at.Item1 <= end.Ticks)
        {
            _now = TimeSpan.FromTicks(at.Item1);
            _events.Dequeue()();
        }

        _now = end;
        foreach (var site in _sites) site.End();
        _figures.Seconds += _setting.Seconds;
        _figures.BusiestSecond = Math.Max(_figures.BusiestSecond, _inSecond);
    }

    private void Die(int node)
    {
        _dead[node] = true;
        _heard[_nodes[node]] = Moment;
        Later(TimeSpan.FromSeconds(11), () =>
        {
            _view = _view with { Members = _view.Members.Remove(_nodes[node]), Gone = _view.Gone.SetItem(_nodes[node], Moment) };
            Later(TimeSpan.FromSeconds(1), () =>
            {
                foreach (var site in _sites)
                {
                    if (site.Owner == node) site.MoveTo(Living());
                }
            });
        });
    }

    private int Living()
    {
        while (true)
        {
            var node = _random.Next(_nodes.Length);
            if (!_dead[node]) return node;
        }
    }

    private void Later(TimeSpan delay, Action action) => _events.Enqueue(action, ((_now + delay).Ticks, ++_sequence));

    private void Send(int from, int to, bool question, Action arrive)
    {
        if (from != to && Counts)
        {
            _figures.Messages++;
            _figures.Questions += question ? 1 : 0;
            if ((long)_now.TotalSeconds != _second)
            {
                _figures.BusiestSecond = Math.Max(_figures.BusiestSecond, _inSecond);
                (_second, _inSecond) = ((long)_now.TotalSeconds, 0);
            }

            _inSecond++;
        }

        Later(from == to ? TimeSpan.FromMilliseconds(0.05) : TimeSpan.FromMilliseconds(0.5 + (_random.NextDouble() * 2)), () =>
        {
            if (!_dead[to]) arrive();
        });
    }
}
