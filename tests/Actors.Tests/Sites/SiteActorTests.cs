using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

public sealed class SiteActorTests : ShardedActorSpec
{
    private static readonly SiteKey Site = new("mx.example.org", SiteKey.DefaultSource);

    private readonly Membership _membership = new();
    private readonly LeaseHoldings _holdings = new();
    private readonly ShardTenure _tenure = new();
    private readonly FactStore _facts = new();
    private long _number;

    public SiteActorTests() =>
        _membership.Now = new([Self], [], System.Collections.Immutable.ImmutableDictionary<NodeId, Moment>.Empty, new(TimeSpan.MaxValue, DateTimeOffset.MaxValue));

    [Fact]
    public void Passivates_when_its_last_lease_has_run_out_and_not_before()
    {
        var site = Start();
        site.Tell(Request(demand: 3));
        Assert.Equal(3, ExpectMsg<SiteProtocol.Granted>().Connections);

        Time.Advance(LeaseTiming.TimeToLive);
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        Time.Advance(LeaseTiming.Renewal);

        var passivate = ExpectMsg<Passivate>();
        Watch(site);
        site.Tell(passivate.StopMessage);
        ExpectTerminated(site);
    }

    [Fact]
    public void Steady_requests_do_not_keep_time_from_passing()
    {
        var site = Start();
        site.Tell(Request(demand: 10));
        ExpectMsg<SiteProtocol.Granted>();
        var other = CreateTestProbe();
        _membership.Now = _membership.Now with { Members = _membership.Now.Members.Add(new("b:1", 9)) };

        // The first lease is given back by silence alone; the second node asks on and on.
        for (var i = 0; i < 40; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(500));
            site.Tell(new SiteProtocol.Request(Site, new("b:1", 9), i + 1, default, 0, 10, 10, 0, false), other.Ref);
            other.ReceiveN(1);
        }

        site.Tell(new SiteProtocol.Request(Site, new("b:1", 9), 100, default, 0, 10, 10, 0, false), other.Ref);
        Assert.Equal(10, other.FishForMessage<SiteProtocol.Granted>(granted => granted.Number == 100).Connections);
    }

    [Fact]
    public void Hands_back_to_the_shard_what_comes_while_it_stops()
    {
        var site = Start();
        site.Tell(Request(demand: 0));
        ExpectMsg<SiteProtocol.Held>();
        Time.Advance(LeaseTiming.Renewal);
        ExpectMsg<Passivate>();

        var late = Request(demand: 1);
        site.Tell(late);

        Assert.Same(late, ExpectMsg<SiteProtocol.Request>());
    }

    [Fact]
    public void Counts_what_this_node_itself_holds_from_an_incarnation_that_was_lost()
    {
        var now = Moment.Of(Sys.Scheduler);
        _holdings.Hold(Site, new Epoch(1, 1), 4, now.Plus(LeaseTiming.TimeToLive));
        _membership.Now = _membership.Now with { Members = _membership.Now.Members.Add(new("b:1", 9)) };
        var site = Start();
        var other = CreateTestProbe();
        var request = new SiteProtocol.Request(Site, new("b:1", 9), 1, default, 0, 10, 10, 0, false);

        site.Tell(request, other.Ref);
        var held = other.ExpectMsg<SiteProtocol.Held>();
        Assert.Equal(SiteProtocol.HeldReason.Unready, held.Reason);
        site.Tell(new SiteProtocol.Holding(Site, new("b:1", 9), held.Epoch, default, []));
        site.Tell(request with { Number = 2 }, other.Ref);

        Assert.Equal(6, other.FishForMessage<SiteProtocol.Granted>(_ => true).Connections);
    }

    [Fact]
    public void One_that_fails_leaves_a_mark_so_that_the_next_asks()
    {
        var shard = TestActor.Path;
        Assert.False(_tenure.Knows(shard.Name, shard.Uid, Moment.Of(Sys.Scheduler)));
        Time.Advance(LeaseTiming.Grace);
        Assert.True(_tenure.Knows(shard.Name, shard.Uid, Moment.Of(Sys.Scheduler)));
        var site = Start();
        site.Tell(Request(demand: 1));
        ExpectMsg<SiteProtocol.Granted>();

        Watch(site);
        Sys.Stop(site);
        ExpectTerminated(site);

        Assert.False(_tenure.Knows(shard.Name, shard.Uid, Moment.Of(Sys.Scheduler)));
    }

    [Fact]
    public void A_new_incarnation_goes_on_from_what_its_predecessor_had_learned_of_the_site()
    {
        var site = Start();
        for (var round = 1; round <= 3; round++)
        {
            site.Tell(Request(demand: 1) with { Failures = 5 * round });
            var held = ExpectMsg<SiteProtocol.Held>();
            Assert.Equal((SiteProtocol.HeldReason.Broken, TimeSpan.FromSeconds(10 * Math.Pow(2, round - 1))), (held.Reason, held.RetryAfter));
            Assert.Equal(round.ToString(System.Globalization.CultureInfo.InvariantCulture), held.Fact!.Value);
            Time.Advance(held.RetryAfter);
            site.Tell(Request(demand: 1) with { Failures = 5 * round });
            ExpectMsg<SiteProtocol.Granted>();      // the probe
        }

        // Its node dies; the next one, elsewhere, hears of it with the first request.
        var kept = _facts.Find(SiteActor.FactOf(Site), Time.Now)!;
        var elsewhere = ActorOfAsTestActorRef<SiteActor>(
            Props.Create(() => new SiteActor(Site, new SiteNode(_membership, new(), new(), new SiteOptions(), new()))), TestActor, "elsewhere");
        elsewhere.Tell(Request(demand: 5) with { Fact = kept });
        Assert.Equal(1, ExpectMsg<SiteProtocol.Granted>().Connections);      // one connection tries
        elsewhere.Tell(Request(demand: 5) with { Failures = 1 });
        Assert.Equal(TimeSpan.FromSeconds(80), ExpectMsg<SiteProtocol.Held>().RetryAfter);
        elsewhere.Tell(Request(demand: 5) with { Succeeded = true });
        Assert.Equal("", ExpectMsg<SiteProtocol.Granted>().Fact!.Value);
    }

    private TestActorRef<SiteActor> Start() =>
        ActorOfAsTestActorRef<SiteActor>(Props.Create(() => new SiteActor(Site, new SiteNode(_membership, _holdings, _tenure, new SiteOptions(), _facts))), TestActor, "site");

    private SiteProtocol.Request Request(int demand) => new(Site, Self, ++_number, default, 0, demand, 10, 0, false);
}
