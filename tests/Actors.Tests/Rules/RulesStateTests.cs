using MailCluster.Actors.Rules;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Rules;

/// <summary>Nodes that tell each other rules over a network that loses, doubles and delays what it carries.</summary>
public sealed class RulesStateTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly RuleKey A = new("suspension", "a.example");
    private static readonly RuleKey B = new("suspension", "b.example");

    private readonly List<(NodeId From, RulesEffect Effect)> _wire = [];
    private readonly Dictionary<NodeId, RulesState> _nodes = [];
    private DateTimeOffset _now = Start;

    private static NodeId Node(int number) => new($"node-{number}:4053", number);

    private RulesState Add(int number, RuleSet? rules = null, DateTimeOffset? savedAt = null)
    {
        var state = new RulesState(Node(number), rules ?? RuleSet.Empty, savedAt, _now);
        foreach (var (node, other) in _nodes)
        {
            Do(Node(number), effects => state.Joined(node, effects));
            Do(node, effects => other.Joined(Node(number), effects));
        }
        _nodes[Node(number)] = state;
        return state;
    }

    private void Do(NodeId node, Action<List<RulesEffect>> what)
    {
        var effects = new List<RulesEffect>();
        what(effects);
        _wire.AddRange(effects.Select(effect => (node, effect)));
    }

    private void Put(int number, RuleKey key, string reason = "") => Do(Node(number), effects =>
    {
        if (_nodes[Node(number)].Make(new(key, "", null, "operator", reason), _now) is { } rule)
        {
            _nodes[Node(number)].Take(rule, effects);
        }
    });

    private void Remove(int number, RuleKey key) => Do(Node(number), effects =>
    {
        if (_nodes[Node(number)].MakeTombstone(new(key, "operator", ""), _now) is { } rule)
        {
            _nodes[Node(number)].Take(rule, effects);
        }
    });

    private void Deliver(NodeId to, RulesProtocol.IRulesMessage message)
    {
        if (!_nodes.TryGetValue(to, out var state))
        {
            return;
        }
        switch (message)
        {
            case RulesProtocol.Digest digest:
                Do(to, effects => state.On(digest, effects));
                break;
            case RulesProtocol.Told told:
                state.On(told, _now);
                break;
        }
    }

    private void DeliverAll()
    {
        for (var i = 0; i < 10_000 && _wire.Count > 0; i++)
        {
            var (_, effect) = _wire[0];
            _wire.RemoveAt(0);
            Deliver(effect.Node, effect.Message);
        }
        Assert.Empty(_wire);
    }

    private void Tick(TimeSpan by)
    {
        _now += by;
        foreach (var (node, state) in _nodes)
        {
            Do(node, effects => state.OnTick(_now, effects));
        }
    }

    private static bool Rules(RulesState state, RuleKey key) => state.Rules.Find(key) is { IsRemoved: false };

    [Fact]
    public void A_rule_is_told_to_all_at_once_and_a_new_node_hears_all_there_are()
    {
        Add(1);
        Add(2);
        DeliverAll();
        Put(1, A);
        DeliverAll();
        Assert.True(Rules(_nodes[Node(2)], A));

        var third = Add(3);
        DeliverAll();
        Assert.True(Rules(third, A));
        Remove(3, A);
        DeliverAll();
        Assert.All(_nodes.Values, state => Assert.False(Rules(state, A)));
    }

    [Fact]
    public void The_same_again_makes_no_new_rule_and_removing_what_is_not_there_none_at_all()
    {
        var node = Add(1);
        Put(1, A, "because");
        var version = node.Rules.Find(A)!.Version;
        Put(1, A, "because");
        Assert.Equal(version, node.Rules.Find(A)!.Version);
        Put(1, A, "for another reason");
        Assert.True(node.Rules.Find(A)!.Version > version);
        Remove(1, B);
        Assert.Null(node.Rules.Find(B));
    }

    [Fact]
    public void A_node_that_was_away_gets_what_it_missed_and_brings_nothing_back()
    {
        Add(1);
        Add(2);
        DeliverAll();
        Put(1, A);
        DeliverAll();
        var disk = _nodes[Node(2)].Rules;
        _nodes.Remove(Node(2));
        _nodes[Node(1)].Left(Node(2));
        Remove(1, A);
        Put(1, B);
        DeliverAll();

        _now += TimeSpan.FromDays(50);
        var back = Add(3, disk, Start);
        Assert.False(back.IsOutdated);
        DeliverAll();
        Assert.All(_nodes.Values, state => Assert.False(Rules(state, A)));
        Assert.All(_nodes.Values, state => Assert.True(Rules(state, B)));
    }

    [Fact]
    public void A_node_away_for_longer_than_removals_are_remembered_takes_what_the_others_have_instead_of_its_own()
    {
        Add(1);
        Put(1, A);
        var disk = _nodes[Node(1)].Rules;
        Remove(1, A);
        Put(1, B);
        for (var i = 0; i < 65; i++)
        {
            Tick(TimeSpan.FromDays(1));
        }
        Assert.Null(_nodes[Node(1)].Rules.Find(A));     // forgotten

        var back = Add(2, disk, Start);
        Assert.True(back.IsOutdated);
        Assert.True(Rules(back, A));                    // until it hears better, it keeps to what it knows
        DeliverAll();
        Assert.False(back.IsOutdated);
        Assert.All(_nodes.Values, state => Assert.False(Rules(state, A)));
        Assert.All(_nodes.Values, state => Assert.True(Rules(state, B)));
    }

    [Fact]
    public void What_an_operator_says_to_a_node_that_is_outdated_counts()
    {
        Add(1);
        Put(1, B);
        var disk = _nodes[Node(1)].Rules;
        Remove(1, B);
        for (var i = 0; i < 65; i++)
        {
            Tick(TimeSpan.FromDays(1));
        }

        var back = new RulesState(Node(2), disk, Start, _now);
        _nodes[Node(2)] = back;
        Put(2, A);
        Do(Node(2), effects => back.Joined(Node(1), effects));
        Do(Node(1), effects => _nodes[Node(1)].Joined(Node(2), effects));
        DeliverAll();
        Assert.All(_nodes.Values, state => Assert.True(Rules(state, A)));
        Assert.All(_nodes.Values, state => Assert.False(Rules(state, B)));
    }

    [Fact]
    public void A_cluster_that_was_off_for_long_keeps_its_rules()
    {
        Add(1);
        Put(1, A);
        var disk = _nodes[Node(1)].Rules;
        _nodes.Clear();
        _now += TimeSpan.FromDays(100);
        Add(2, disk, Start);
        Add(3, disk, Start);
        DeliverAll();
        for (var i = 0; i < 20; i++)
        {
            Tick(TimeSpan.FromSeconds(5));
            DeliverAll();
        }
        Assert.All(_nodes.Values, state => Assert.True(Rules(state, A) && !state.IsOutdated));
        var fresh = Add(4);
        DeliverAll();
        Assert.True(Rules(fresh, A));
    }

    [Fact]
    public void Ten_thousand_rules_are_the_limit_and_removing_is_always_possible()
    {
        var state = new RulesState(Node(1), RuleSet.Empty.Merge(Enumerable.Range(0, RuleSet.Limit).Select(i =>
            new Rule(new("suspension", $"d{i}.example"), new(1, "n"), IsRemoved: false, "", null, "", "", Start))), Start, Start);
        var refused = Assert.Throws<InvalidOperationException>(() => state.Make(new(A, "", null, "", ""), Start));
        Assert.Contains("10000", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(state.MakeTombstone(new(new("suspension", "d7.example"), "", ""), Start));
        Assert.NotNull(state.Make(new(new("suspension", "d7.example"), "", null, "", "again"), Start));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void All_agree_in_the_end_whatever_the_network_does(int seed)
    {
        var random = new Random(seed);
        for (var i = 1; i <= 5; i++)
        {
            Add(i);
        }
        for (var step = 0; step < 3000; step++)
        {
            var number = random.Next(1, 6);
            switch (random.Next(12))
            {
                case 0: Put(number, new("suspension", $"d{random.Next(40)}.example"), random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture)); break;
                case 1: Remove(number, new("suspension", $"d{random.Next(40)}.example")); break;
                case 2: Tick(TimeSpan.FromSeconds(5)); break;
                case 3: _now += TimeSpan.FromMilliseconds(random.Next(3)) - TimeSpan.FromMilliseconds(1); break;
                default:
                    if (_wire.Count > 0)
                    {
                        var index = random.Next(_wire.Count);
                        var (_, effect) = _wire[index];
                        if (random.Next(5) > 0)
                        {
                            _wire.RemoveAt(index);      // else it comes twice
                        }
                        if (random.Next(3) > 0)
                        {
                            Deliver(effect.Node, effect.Message);
                        }
                    }
                    break;
            }
            if (_wire.Count > 200)
            {
                _wire.RemoveRange(0, 100);
            }
        }
        _wire.Clear();
        for (var i = 0; i < 10; i++)
        {
            Tick(TimeSpan.FromSeconds(5));
            DeliverAll();
        }
        var first = _nodes[Node(1)].Rules;
        Assert.NotEqual(0, first.Count);
        Assert.All(_nodes.Values, state => Assert.Equal(first.Rules.OrderBy(rule => rule.Key), state.Rules.Rules.OrderBy(rule => rule.Key)));
    }
}
