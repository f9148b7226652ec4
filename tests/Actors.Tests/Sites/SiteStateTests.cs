using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

public sealed class SiteStateTests
{
    private static readonly SiteKey Site = new("mx.example.org", SiteKey.DefaultSource);
    private static readonly NodeId A = new("a:1", 1);
    private static readonly NodeId B = new("b:1", 2);
    private static readonly NodeId C = new("c:1", 3);
    private static readonly Epoch First = new(1000, 1);

    private readonly List<SiteEffect> _effects = [];
    private Moment _now = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch);
    private Membership.View _view = View([A, B, C]);
    private long _number;

    [Fact]
    public void Grants_the_first_request_at_once_where_it_knows()
    {
        var site = Knowing();

        var granted = Assert.IsType<SiteProtocol.Granted>(Ask(site, A, demand: 4));
        Assert.Equal((4, First, LeaseTiming.TimeToLive), (granted.Connections, granted.Epoch, granted.TimeToLive));
    }

    [Fact]
    public void Never_grants_more_than_the_limit_to_one()
    {
        Assert.Equal(10, Connections(Ask(Knowing(), A, demand: 400)));
    }

    [Theory]
    [InlineData(10, new[] { 20, 20, 20 }, new[] { 3, 3, 4 })]
    [InlineData(10, new[] { 1, 20, 20 }, new[] { 1, 4, 5 })]
    [InlineData(10, new[] { 2, 3, 4 }, new[] { 2, 3, 4 })]
    [InlineData(3, new[] { 9, 9, 9 }, new[] { 1, 1, 1 })]
    public void Shares_are_max_min_over_demand(int limit, int[] demands, int[] shares)
    {
        var site = Knowing();
        NodeId[] nodes = [A, B, C];
        int[] got = [0, 0, 0];
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 3; i++)
            {
                got[i] = Connections(Ask(site, nodes[i], demands[i], held: got[i], limit: limit, heard: true));
                Assert.True(got.Sum() <= limit);
            }

            Pass(LeaseTiming.Renewal);
        }

        Assert.Equal(shares, got);
    }

    [Fact]
    public void A_smaller_grant_counts_only_when_its_holder_has_heard_of_it()
    {
        var site = Knowing();
        Ask(site, A, demand: 10);
        var asked = _number;
        Ask(site, B, demand: 10);           // nothing left
        Pass(LeaseTiming.Renewal);

        Assert.Equal(5, Connections(Ask(site, A, demand: 10, held: 5)));
        Assert.Equal(0, Connections(Ask(site, B, demand: 10)));         // A may never hear of it and go on with ten
        Assert.True(_number > asked);
        Assert.Equal(5, Connections(Ask(site, A, demand: 10, held: 5, heard: true)));
        Assert.Equal(5, Connections(Ask(site, B, demand: 10)));
    }

    [Fact]
    public void What_nobody_renews_is_free_when_it_has_run_out()
    {
        var site = Knowing();
        Ask(site, A, demand: 10);
        Pass(LeaseTiming.TimeToLive - TimeSpan.FromSeconds(1));
        Assert.Equal(0, Connections(Ask(site, B, demand: 10)));

        Pass(TimeSpan.FromSeconds(1) + LeaseTiming.Drift);
        Assert.Equal(10, Connections(Ask(site, B, demand: 10)));
    }

    [Fact]
    public void A_wall_clock_set_forward_at_the_granter_forgets_no_lease()
    {
        var site = Knowing();
        Ask(site, A, demand: 10);
        _now = _now with { Wall = _now.Wall.AddHours(2) };

        Assert.Equal(0, Connections(Ask(site, B, demand: 10)));
    }

    [Fact]
    public void A_socket_counts_until_it_is_closed()
    {
        var site = Knowing();
        Ask(site, A, demand: 10);
        Ask(site, B, demand: 10);
        Ask(site, A, demand: 10, held: 10, heard: true);        // share now 5, still 10 open
        Assert.Equal(0, Connections(Ask(site, B, demand: 10)));
        Ask(site, A, demand: 10, held: 6, heard: true);
        Assert.Equal(4, Connections(Ask(site, B, demand: 10)));
    }

    [Fact]
    public void Open_sockets_without_a_lease_give_no_right_to_one()
    {
        var site = Knowing();
        Ask(site, A, demand: 10);

        Assert.Equal(0, Connections(Ask(site, B, demand: 10, held: 10)));
    }

    [Fact]
    public void A_lease_given_back_is_offered_to_who_waits_longest()
    {
        var site = Knowing();
        Ask(site, A, demand: 1, limit: 1);
        Ask(site, B, demand: 1, limit: 1);
        Pass(TimeSpan.FromSeconds(1));
        Ask(site, C, demand: 1, limit: 1);
        _effects.Clear();

        Ask(site, A, demand: 0, limit: 1);

        Assert.Equal(B, Assert.Single(Offers()));
        Assert.Equal(0, Connections(Ask(site, C, demand: 1, limit: 1)));      // kept for B
        Assert.Equal(1, Connections(Ask(site, B, demand: 1, limit: 1)));
    }

    [Fact]
    public void An_offer_that_is_not_taken_is_repeated_and_then_goes_to_the_next()
    {
        var site = Knowing();
        Ask(site, A, demand: 1, limit: 1);
        Ask(site, B, demand: 1, limit: 1);
        Pass(TimeSpan.FromSeconds(1));
        Ask(site, C, demand: 1, limit: 1);
        Ask(site, A, demand: 0, limit: 1);

        var offered = Offers().ToList();
        for (var i = 0; i < 4; i++)
        {
            Pass(TimeSpan.FromSeconds(1));
            site.OnTick(_view, _now, _effects);
            offered.AddRange(Offers());
        }

        Assert.Equal(B, offered[0]);
        Assert.Equal(C, offered[^1]);
        Assert.Equal(1, Connections(Ask(site, C, demand: 1, limit: 1)));
    }

    [Fact]
    public void With_more_nodes_than_connections_a_slot_goes_round()
    {
        var site = Knowing();
        NodeId[] nodes = [A, B, C];
        var turns = new List<NodeId>();
        for (var second = 0; second < 90; second++)
        {
            foreach (var node in nodes)
            {
                // Each asks every five seconds, and at once when it is offered something.
                if (second % 5 == Array.IndexOf(nodes, node) || Offers().Contains(node))
                {
                    var got = Connections(Ask(site, node, demand: 1, held: 0, limit: 1, heard: true));
                    if (got > 0 && (turns.Count == 0 || turns[^1] != node))
                    {
                        turns.Add(node);
                    }
                }
            }

            Pass(TimeSpan.FromSeconds(1));
            site.OnTick(_view, _now, _effects);
        }

        Assert.True(turns.Count >= 6, $"{turns.Count} turns");
        for (var i = 3; i < turns.Count; i++)
        {
            Assert.Equal(turns[i - 3], turns[i]);
        }
    }

    [Fact]
    public void One_that_has_left_the_cluster_claims_no_share_but_its_lease_counts()
    {
        var site = Knowing();
        Ask(site, A, demand: 6);
        Ask(site, B, demand: 6);
        _view = View([B, C]);

        Assert.Equal(4, Connections(Ask(site, B, demand: 10, heard: true)));
        Pass(LeaseTiming.TimeToLive + LeaseTiming.Drift);
        Assert.Equal(10, Connections(Ask(site, B, demand: 10, heard: true)));
    }

    [Fact]
    public void A_late_request_changes_nothing_and_is_not_answered()
    {
        var site = Knowing();
        Ask(site, A, demand: 5);
        _number -= 2;

        Assert.Null(Ask(site, A, demand: 10));
    }

    [Fact]
    public void A_repeated_request_is_answered_again_and_counts_once()
    {
        var site = Knowing();
        Ask(site, A, demand: 5);
        _number--;

        Assert.Equal(5, Connections(Ask(site, A, demand: 5)));
        Assert.Equal(5, Connections(Ask(site, B, demand: 10)));
    }

    [Fact]
    public void Grants_nothing_while_its_node_is_not_current()
    {
        var site = Knowing();
        _view = _view with { CurrentUntil = _now };

        Assert.Equal(SiteProtocol.HeldReason.Unready, Assert.IsType<SiteProtocol.Held>(Ask(site, A, demand: 1)).Reason);
    }

    [Fact]
    public void Grants_nothing_to_one_that_is_no_member()
    {
        var site = Knowing();
        _view = View([A, B]);

        Assert.Equal(SiteProtocol.HeldReason.Unready, Assert.IsType<SiteProtocol.Held>(Ask(site, C, demand: 1)).Reason);
    }

    [Fact]
    public void Grants_nothing_to_one_that_is_still_joining_but_asks_it_what_it_holds()
    {
        _view = _view with { Joining = [C] };
        Assert.Equal(SiteProtocol.HeldReason.Unready, Assert.IsType<SiteProtocol.Held>(Ask(Knowing(), C, demand: 1)).Reason);

        Learning();
        Assert.Equal([A, B, C], Asked());
    }

    [Fact]
    public void A_lower_limit_holds_for_new_grants_at_once_and_for_all_within_the_time_to_live()
    {
        var site = Knowing();
        Ask(site, A, demand: 5, limit: 10);
        Ask(site, B, demand: 5, limit: 10);
        Pass(TimeSpan.FromSeconds(1));

        Assert.True(Connections(Ask(site, A, demand: 5, limit: 4)) <= 4);
        Pass(LeaseTiming.Renewal);
        var (a, b) = (Connections(Ask(site, A, demand: 5, limit: 4, heard: true)), Connections(Ask(site, B, demand: 5, limit: 4, heard: true)));
        Assert.Equal((2, 2), (a, b));
    }

    [Fact]
    public void A_new_incarnation_asks_everyone_and_counts_what_they_hold()
    {
        var site = Learning();
        Assert.Equal([A, B, C], Asked());
        Assert.Equal(SiteProtocol.HeldReason.Unready, Assert.IsType<SiteProtocol.Held>(Ask(site, A, demand: 10)).Reason);

        Hold(site, A, 0);
        Hold(site, B, 7);
        Assert.True(site.IsLearning);
        Hold(site, C, 0);

        Assert.Equal(3, Connections(Ask(site, A, demand: 10)));
    }

    [Fact]
    public void What_members_tell_beyond_the_limit_is_not_renewed()
    {
        var site = Learning();
        Hold(site, A, 4);
        Hold(site, B, 4);
        Hold(site, C, 4);

        // Each gets what the others' eight leave of ten, not the four it has.
        Assert.Equal(2, Connections(Ask(site, A, demand: 4)));
        Assert.Equal(2, Connections(Ask(site, B, demand: 4)));
    }

    [Fact]
    public void A_new_incarnation_waits_until_those_that_are_gone_are_gone_for_the_grace_time()
    {
        _view = View([A, B]) with { Gone = ImmutableDictionary<NodeId, Moment>.Empty.Add(C, _now) };
        var site = Learning();
        Hold(site, A, 0);
        Hold(site, B, 0);

        Pass(LeaseTiming.Grace - TimeSpan.FromSeconds(1));
        Assert.Equal(0, Connections(Ask(site, A, demand: 1)));
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Connections(Ask(site, A, demand: 1)));
    }

    [Fact]
    public void What_nodes_had_from_a_granter_that_is_gone_they_go_on_with_while_the_rest_is_waited_for()
    {
        var gone = new GoneMember(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(12));
        _view = View([A, B]) with { Gone = ImmutableDictionary<NodeId, Moment>.Empty.Add(C, _now) };
        var site = Learning();
        Had(site, A, 4, TimeSpan.FromSeconds(-2), gone);
        Assert.Equal(0, Connections(Ask(site, A, demand: 9)));      // B could hold everything
        Had(site, B, 3, TimeSpan.FromSeconds(1), gone);

        Assert.Equal(4, Connections(Ask(site, A, demand: 9)));
        Assert.Equal(3, Connections(Ask(site, B, demand: 9)));
        Ask(site, B, demand: 0);
        Assert.Equal(3, Connections(Ask(site, B, demand: 9)));      // mail that comes now and then: what was given back meanwhile nobody else has got
        Pass(LeaseTiming.Grace - TimeSpan.FromSeconds(13));
        Assert.Equal(4, Connections(Ask(site, A, demand: 9)));      // the three that C may have had are not given away before their time
        Pass(TimeSpan.FromSeconds(1));
        Assert.False(site.IsLearning && Connections(Ask(site, A, demand: 9)) < 5);
    }

    public static TheoryData<string, int, double, GoneMember[]> NotContinued => new()
    {
        { "it ended while the granter could still give it to another", 3, -7, [new(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(12))] },
        { "the granter may still be granting", 3, 9, [new(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5))] },
        { "another granter was there in between", 0, 9, [new(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(12))] },
        { "the granter is not gone", 2, 9, [new(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(12))] },
        { "a member does not know yet that the granter is gone, and may answer it", 3, 9, [] },
    };

    [Theory]
    [MemberData(nameof(NotContinued))]
    public void What_another_may_have_by_now_is_not_gone_on_with(string why, int granter, double remaining, GoneMember[] gone)
    {
        _view = View([A, B]) with { Gone = ImmutableDictionary<NodeId, Moment>.Empty.Add(C, _now) };
        var site = Learning();
        Had(site, A, 4, TimeSpan.FromSeconds(remaining), [new(C, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5))], granter);
        Had(site, B, 0, default, gone);

        Assert.True(Connections(Ask(site, A, demand: 9)) == 0, why);
    }

    [Fact]
    public void A_member_that_goes_without_an_answer_is_waited_for_as_gone()
    {
        var site = Learning();
        Hold(site, A, 0);
        Hold(site, B, 0);
        Pass(TimeSpan.FromSeconds(10));
        _view = View([A, B]) with { Gone = ImmutableDictionary<NodeId, Moment>.Empty.Add(C, _now) };

        Pass(LeaseTiming.Grace - TimeSpan.FromSeconds(1));
        Assert.Equal(0, Connections(Ask(site, A, demand: 1)));
        Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Connections(Ask(site, A, demand: 1)));
    }

    [Fact]
    public void One_that_joined_too_late_hears_of_the_gone_from_the_others()
    {
        var site = Learning();
        Hold(site, A, 0);
        Hold(site, B, 0, new GoneMember(new NodeId("d:1", 4), TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(11)));
        Hold(site, C, 0);

        Assert.True(site.IsLearning);
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(1, Connections(Ask(site, A, demand: 1)));
    }

    [Fact]
    public void Asks_again_those_that_do_not_answer()
    {
        var site = Learning();
        Hold(site, A, 0);
        _effects.Clear();
        Pass(TimeSpan.FromSeconds(1));
        site.OnTick(_view, _now, _effects);

        Assert.Equal([B, C], Asked());
    }

    [Fact]
    public void A_cluster_of_one_has_no_grace()
    {
        _view = View([A]);
        var site = Learning();
        Hold(site, A, 0);

        Assert.Equal(4, Connections(Ask(site, A, demand: 4)));
    }

    [Fact]
    public void One_that_hears_of_a_newer_incarnation_becomes_a_still_newer_one_and_asks_again()
    {
        var site = Knowing();
        Ask(site, A, demand: 2);
        var newer = new Epoch(First.Number + 500, 9);

        var held = Assert.IsType<SiteProtocol.Held>(Ask(site, B, demand: 2, epoch: newer));

        Assert.Equal(SiteProtocol.HeldReason.Unready, held.Reason);
        Assert.True(held.Epoch > newer);
        Assert.Equal([A, B, C], Asked());
    }

    [Fact]
    public void Opens_the_circuit_after_consecutive_failures_on_whatever_nodes_and_backs_off()
    {
        var site = Knowing();
        Ask(site, A, demand: 2, failures: 3);
        var held = Assert.IsType<SiteProtocol.Held>(Ask(site, B, demand: 2, failures: 2));
        Assert.Equal((SiteProtocol.HeldReason.Broken, TimeSpan.FromSeconds(10)), (held.Reason, held.RetryAfter));

        var waits = new List<double>();
        var failures = 2;
        for (var i = 0; i < 7; i++)
        {
            Pass(Assert.IsType<SiteProtocol.Held>(Ask(site, B, demand: 2, failures: failures)).RetryAfter);
            Assert.Equal(1, Connections(Ask(site, B, demand: 2, failures: failures)));
            waits.Add(Assert.IsType<SiteProtocol.Held>(Ask(site, B, demand: 2, failures: ++failures)).RetryAfter.TotalSeconds);
        }

        Assert.Equal([20, 40, 80, 160, 300, 300, 300], waits);
    }

    [Fact]
    public void Lets_one_node_try_with_one_connection_and_closes_the_circuit_on_success()
    {
        var site = Knowing();
        Ask(site, A, demand: 5, failures: 5);
        Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(1, Connections(Ask(site, B, demand: 5)));
        Assert.Equal(SiteProtocol.HeldReason.Broken, Assert.IsType<SiteProtocol.Held>(Ask(site, C, demand: 5)).Reason);
        _effects.Clear();
        Assert.True(Connections(Ask(site, B, demand: 5, held: 1, succeeded: true)) > 1);
        Assert.Equal([A, C], Offers().Order(Comparer<NodeId>.Create((a, b) => string.CompareOrdinal(a.Address, b.Address))));
        Assert.False(site.IsOpen);
    }

    [Fact]
    public void A_node_that_does_not_come_back_from_its_try_leaves_it_to_another()
    {
        var site = Knowing();
        Ask(site, A, demand: 5, failures: 5);
        Pass(TimeSpan.FromSeconds(10));
        Ask(site, B, demand: 5);
        Pass(TimeSpan.FromSeconds(60));

        Assert.Equal(1, Connections(Ask(site, C, demand: 5)));
    }

    [Fact]
    public void A_failure_reported_twice_counts_once()
    {
        var site = Knowing();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1, Connections(Ask(site, A, demand: 1, failures: 4, heard: true)));
        }
    }

    [Fact]
    public void Is_idle_only_when_the_last_lease_has_run_out()
    {
        var site = Knowing();
        Ask(site, A, demand: 1);
        Pass(LeaseTiming.TimeToLive);
        Assert.False(site.IsIdle(_now));
        Assert.True(site.HasLeases(_now));

        Pass(LeaseTiming.Drift);
        Assert.True(site.IsIdle(_now));
        Assert.False(site.HasLeases(_now));
    }

    private static Membership.View View(NodeId[] members) => new([.. members], [], ImmutableDictionary<NodeId, Moment>.Empty, new(TimeSpan.MaxValue, DateTimeOffset.MaxValue));

    private static int Connections(SiteProtocol.ISiteMessage? answer) => answer is SiteProtocol.Granted granted ? granted.Connections : 0;

    private SiteState Knowing() => new(Site, First, knows: true, new SiteOptions(), _view, _now, _effects);

    private SiteState Learning() => new(Site, First, knows: false, new SiteOptions(), _view, _now, _effects);

    private void Hold(SiteState site, NodeId node, int connections, params GoneMember[] gone) =>
        site.On(new SiteProtocol.Holding(Site, node, site.Epoch, new(connections, LeaseTiming.TimeToLive, 0), [.. gone]), _view, _now, _effects);

    private void Had(SiteState site, NodeId node, int connections, TimeSpan remaining, params GoneMember[] gone) => Had(site, node, connections, remaining, gone, C.Incarnation);

    private void Had(SiteState site, NodeId node, int connections, TimeSpan remaining, GoneMember[] gone, int granter) =>
        site.On(new SiteProtocol.Holding(Site, node, site.Epoch, new(connections, remaining, granter), [.. gone]), _view, _now, _effects);

    private void Pass(TimeSpan span) => _now = _now.Plus(span);

    private IEnumerable<NodeId> Asked() => _effects.OfType<SiteEffect.Ask>().Select(ask => ask.Node).Distinct().OrderBy(node => node.Address);

    private List<NodeId> Offers()
    {
        var offers = _effects.OfType<SiteEffect.Tell>().Where(tell => tell.Message is SiteProtocol.Offered).Select(tell => tell.Node).ToList();
        _effects.RemoveAll(effect => effect is SiteEffect.Tell { Message: SiteProtocol.Offered });
        return offers;
    }

    private readonly Dictionary<NodeId, long> _answered = [];

    private SiteProtocol.ISiteMessage? Ask(
        SiteState site, NodeId node, int demand, int held = 0, int limit = 10, int failures = 0, bool succeeded = false, bool heard = false, Epoch? epoch = null)
    {
        _effects.RemoveAll(effect => effect is SiteEffect.Tell { Message: not SiteProtocol.Offered });
        site.On(new SiteProtocol.Request(Site, node, ++_number, epoch ?? First, held, demand, limit, failures, succeeded, heard ? _answered.GetValueOrDefault(node) : 0), _view, _now, _effects);
        var answer = _effects.OfType<SiteEffect.Tell>().SingleOrDefault(tell => tell.Node == node && tell.Message is not SiteProtocol.Offered)?.Message;
        if (answer is not null)
        {
            _answered[node] = _number;
        }

        return answer;
    }
}
