using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.SitePools;

/// <summary>How many questions for leases a node has open, and that none is for a lease of no use.</summary>
public sealed class LeaseQuestionsTests
{
    private static readonly DeliveryOptions Options = new() { ConnectionsPerSite = 3 };

    private readonly Queue<SitePoolProtocol.IForPool> _news = new();
    private Moment _now = new(TimeSpan.FromDays(1), Start);

    [Fact]
    public void Places_are_given_in_order_and_those_who_have_left_the_line_are_passed_over()
    {
        var questions = new LeaseQuestions(2) { Listener = _news.Enqueue };
        var sites = Enumerable.Range(0, 5).Select(i => new SiteKey($"s{i}", "default")).ToArray();
        Assert.Equal([true, true, false, false, false], sites.Select(questions.TryBegin));
        Assert.True(questions.TryBegin(sites[0]));
        questions.End(sites[2]);
        questions.End(sites[1]);
        Assert.Equal([new SitePoolProtocol.MayAsk(sites[3])], _news);
        Assert.True(questions.IsShort);
        questions.End(sites[3]);
        questions.End(sites[4]);
        questions.End(sites[0]);
        Assert.Equal((0, false), (questions.Asking, questions.IsShort));
    }

    [Fact]
    public void A_hundred_pools_have_no_more_questions_open_than_there_are_places_and_all_get_their_turn_though_nobody_answers_at_first()
    {
        var questions = new LeaseQuestions(7) { Listener = _news.Enqueue };
        var budget = new ConnectionBudget(1000);
        var pools = Enumerable.Range(0, 100).Select(i => new Pool(Site($"s{i}"), questions, budget)).ToDictionary(pool => pool.Site);
        var asked = new HashSet<SiteKey>();
        foreach (var pool in pools.Values)
        {
            pool.Arrive(_now);
        }
        for (var second = 0; second < 600 && asked.Count < 100; second++)
        {
            Deliver(pools);
            Assert.InRange(questions.Asking, 1, 7);
            asked.UnionWith(pools.Values.Where(pool => pool.Requests.Count > 0).Select(pool => pool.Site));
            Pass(TimeSpan.FromSeconds(1), pools.Values);
        }
        Assert.Equal(100, asked.Count);
        Assert.True(pools.Values.Sum(pool => pool.Requests.Count) < 100 * 10, "they ask and ask");

        // The actors answer again.
        for (var round = 0; round < 400 && pools.Values.Any(pool => pool.State.Connections == 0); round++)
        {
            Deliver(pools);
            foreach (var pool in pools.Values)
            {
                pool.Answer(_now);
            }
            Pass(TimeSpan.FromMilliseconds(100), pools.Values);
        }
        Assert.All(pools.Values, pool => Assert.Equal(1, pool.State.Connections));
        Deliver(pools);
        Assert.Equal(0, questions.Asking);
    }

    [Fact]
    public void A_pool_that_waits_for_one_of_the_nodes_connections_gives_its_lease_back_and_asks_again_when_there_is_one()
    {
        var budget = new ConnectionBudget(1) { Listener = _news.Enqueue };
        var other = Site("other");
        Assert.True(budget.TryTake(other));
        var pool = new Pool(Site("one"), new LeaseQuestions(), budget);
        pool.Arrive(_now);
        pool.Answer(_now);
        Assert.Equal(0, pool.State.Connections);        // the lease is there, the connection is not
        for (var second = 0; second < 60; second++)
        {
            Pass(TimeSpan.FromSeconds(1), [pool]);
        }
        Assert.Equal(0, pool.Requests[^1].Demand);
        Assert.InRange(pool.Requests.Count, 2, 3);

        budget.Return(other);
        _news.Clear();
        pool.Room(_now);
        Assert.Equal(1, pool.Requests[^1].Demand);
        pool.Answer(_now);
        Assert.Equal(1, pool.State.Connections);
    }

    [Fact]
    public void A_connection_is_not_kept_for_a_pool_whose_lease_does_not_come()
    {
        var budget = new ConnectionBudget(1) { Listener = _news.Enqueue };
        var (other, third) = (Site("other"), Site("third"));
        Assert.True(budget.TryTake(other));
        var pool = new Pool(Site("one"), new LeaseQuestions(), budget);
        pool.Arrive(_now);
        pool.Answer(_now);
        for (var second = 0; second < 10; second++)
        {
            Pass(TimeSpan.FromSeconds(1), [pool]);
        }
        Assert.False(budget.TryTake(third));
        _news.Clear();
        budget.Return(other);
        Assert.Equal([new SitePoolProtocol.Room(pool.Site)], _news);
        pool.Room(_now);
        Pass(TimeSpan.FromSeconds(1), [pool]);
        Assert.Equal(new SitePoolProtocol.Room(third), _news.Last());

        // When its lease comes at last, it is the next.
        Assert.True(budget.TryTake(third));
        Assert.False(budget.TryTake(other));
        pool.Answer(_now);
        budget.Return(third);
        Assert.Equal(new SitePoolProtocol.Room(pool.Site), _news.Last());
    }

    private void Deliver(Dictionary<SiteKey, Pool> pools)
    {
        while (_news.TryDequeue(out var news))
        {
            pools[news.Site].MayAsk(_now);
        }
    }

    private void Pass(TimeSpan span, IEnumerable<Pool> pools)
    {
        _now = _now.Plus(span);
        foreach (var pool in pools)
        {
            pool.Wake(_now);
        }
    }

    private sealed class Pool(SiteKey site, LeaseQuestions questions, ConnectionBudget budget)
    {
        private readonly SitePoolEffects _effects = new();
        private long _answered;

        public SiteKey Site => site;

        public SitePoolState State { get; } = new(site, new("node:4053", 1), Options, new(), new(), budget, questions);

        public List<SiteProtocol.Request> Requests { get; } = [];

        public void Arrive(Moment now) => Do(() => State.On(new SitePoolProtocol.Ready(
            site, new("a.example"), [new DeliveryJob(new(1), new("a.example"), Start, 1000)], 0, To(site), 0, 1), 0, now, _effects));

        public void Answer(Moment now)
        {
            if (Requests.Count > 0 && Requests[^1] is { Demand: > 0 } request && request.Number > _answered)
            {
                _answered = request.Number;
                Do(() => State.On(new SiteProtocol.Granted(site, request.Number, new(1, 1), 1, LeaseTiming.TimeToLive), now, _effects));
            }
        }

        public void Room(Moment now) => Do(() => State.Room(now, _effects));

        public void MayAsk(Moment now) => Do(() => State.MayAsk(now, _effects));

        /// <summary>Only when something is planned: a pool in line sleeps.</summary>
        public void Wake(Moment now)
        {
            if (State.NextEvent(now) <= TimeSpan.Zero)
            {
                Do(() => State.Elapse(now, _effects));
            }
        }

        private void Do(Action what)
        {
            what();
            Requests.AddRange(_effects.Requests);
            _effects.Clear();
        }
    }
}
