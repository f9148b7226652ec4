using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.SitePools;

public sealed class SitePoolStateTests
{
    private static readonly DeliveryOptions Options = new() { MaxReady = 16, ConnectionsPerSite = 3, MessagesPerConnection = 4 };
    private static readonly DomainName A = new("a.example");
    private static readonly DomainName B = new("b.example");
    private readonly SitePoolState _pool = new(Site(), new("node:4053", 1), Options, new(), new(), new(Options.Connections), new());
    private readonly SitePoolEffects _effects = new();
    private Moment _now = new(TimeSpan.FromDays(1), Start);
    private long _turn;
    private int _jobs;

    private void Pass(double seconds)
    {
        _now = new(_now.Monotonic + TimeSpan.FromSeconds(seconds), _now.Wall + TimeSpan.FromSeconds(seconds));
        _effects.Clear();
        _pool.Elapse(_now, _effects);
    }

    private void Wait(DomainName domain, int jobs)
    {
        _effects.Clear();
        _pool.On(new SitePoolProtocol.Waiting(Site(), domain, To(Site()), jobs, ++_turn), 0, _now, _effects);
    }

    private DeliveryJob[] Ready(DomainName domain, int jobs, int stillDue = 0, int returned = 0)
    {
        var made = Enumerable.Range(0, jobs).Select(_ => new DeliveryJob(new(++_jobs), domain, Start, 1000)).ToArray();
        _effects.Clear();
        _pool.On(new SitePoolProtocol.Ready(Site(), domain, made, stillDue, To(Site()), returned, ++_turn), 0, _now, _effects);
        return made;
    }

    private void Grant(int connections)
    {
        var request = _effects.Requests.Single();
        _effects.Clear();
        _pool.On(new SiteProtocol.Granted(Site(), request.Number, new(1, 1), connections, TimeSpan.FromSeconds(15)), _now, _effects);
    }

    private void Connect(int connection)
    {
        _effects.Clear();
        _pool.Idle(connection, SitePoolProtocol.OutboundState.Connected, _now, _effects);
    }

    private void Serve(int connection, DeliveryJob job)
    {
        _effects.Clear();
        _pool.AttemptEnded(connection, new(job, null, [Accepted(0)], null), _now, _effects);
        _pool.Idle(connection, SitePoolProtocol.OutboundState.Served, _now, _effects);
    }

    [Fact]
    public void The_first_mail_is_wanted_and_a_lease_asked_for_at_once()
    {
        Wait(A, 3);
        Assert.Equal((A, 16), (_effects.Wants.Single().Want.Domain, _effects.Wants.Single().Want.Jobs));
        Assert.Equal(3, _effects.Requests.Single().Demand);
        Assert.Empty(_effects.Open);
    }

    [Fact]
    public void Opens_one_connection_until_one_has_got_through_then_as_many_as_lease_and_work_allow()
    {
        Wait(A, 8);
        Grant(2);
        Ready(A, 8);
        Assert.Single(_effects.Open);
        Connect(1);
        Assert.Equal(2, _effects.Open.Single().Connection);
        Assert.Equal(2, _effects.Deliver.Count(d => d.Connection == 1));
    }

    [Fact]
    public void Domains_take_turns_from_the_start()
    {
        Wait(A, 4);
        Grant(1);
        var a = Ready(A, 4);
        var b = Ready(B, 4);
        Connect(1);
        var order = new List<DeliveryJob>();
        for (var i = 0; i < 3; i++)
        {
            order.AddRange(_effects.Deliver.Select(d => d.Job));
            Serve(1, order[i]);
        }
        order.AddRange(_effects.Deliver.Select(d => d.Job));
        Assert.Equal([a[0], b[0], a[1], b[1]], order.Take(4));
    }

    [Fact]
    public void A_connection_has_two_jobs_at_most_and_its_share_of_messages_in_all()
    {
        Wait(A, 16);
        Grant(1);
        Ready(A, 16);
        Connect(1);
        var given = _effects.Deliver.Select(d => d.Job).ToList();
        Assert.Equal(2, given.Count);
        for (var i = 0; i < 4; i++)
        {
            Serve(1, given[i]);
            given.AddRange(_effects.Deliver.Select(d => d.Job));
        }
        Assert.Equal(4, given.Count);
        Assert.Equal([1], _effects.Close);
    }

    [Fact]
    public void A_lost_lease_closes_idle_connections_first_and_begins_nothing()
    {
        Wait(A, 2);
        Grant(2);
        var jobs = Ready(A, 2);
        Connect(1);
        Connect(2);
        Serve(1, jobs[0]);
        Pass(5);
        var request = _effects.Requests.Single();
        Assert.Equal(2, request.Held);
        _effects.Clear();
        _pool.On(new SiteProtocol.Held(Site(), request.Number, new(1, 1), TimeSpan.FromSeconds(5), SiteProtocol.HeldReason.Taken), _now, _effects);
        Assert.Equal([1, 2], _effects.Close);
        Ready(A, 3);
        Assert.Empty(_effects.Deliver);
        Assert.Empty(_effects.Open);
        _effects.Clear();
        _pool.AttemptEnded(2, new(jobs[1], null, [Accepted(0)], null), _now, _effects);
        Assert.Single(_effects.Ended);
        Assert.Equal(2, _pool.Connections);      // they count until their sockets are closed
        _pool.Closed(1, null, _now, _effects);
        _effects.Clear();
        _pool.Closed(2, null, _now, _effects);
        Assert.Equal(0, _effects.Requests.Single().Held);
    }

    [Fact]
    public void A_lease_that_runs_out_unrenewed_is_lost_too()
    {
        Wait(A, 1);
        Grant(1);
        Ready(A, 1);
        Connect(1);
        Pass(15);
        Assert.Equal([1], _effects.Close);
    }

    [Fact]
    public void One_message_finds_out_that_no_host_answers_and_the_others_of_its_domain_go_back_untouched()
    {
        Wait(A, 3);
        Grant(3);
        var a = Ready(A, 3);
        var b = Ready(B, 1);
        _effects.Clear();
        _pool.Closed(1, Down, _now, _effects);
        Assert.Equal([a[0], a[2], a[1]], _effects.Ended.Select(e => e.Job.Job));
        Assert.Equal([Down, null, null], _effects.Ended.Select(e => e.Job.Failure));
        Assert.Equal(1, _pool.Ready);
        Assert.Single(_effects.Open);       // the other domain makes its own attempt
        _effects.Clear();
        _pool.Closed(2, Down, _now, _effects);
        Assert.Equal(b, _effects.Ended.Select(e => e.Job.Job));
        Pass(5);
    }

    [Fact]
    public void Failures_of_connections_are_reported_to_the_site()
    {
        Wait(A, 1);
        Grant(1);
        Ready(A, 1);
        _pool.Closed(1, Down, _now, _effects);
        Wait(B, 1);
        Pass(1);
        var requests = _effects.Requests.ToList();
        Pass(5);
        requests.AddRange(_effects.Requests);
        Assert.All(requests, r => Assert.Equal(1, r.Failures));
        Assert.NotEmpty(requests);
    }

    [Fact]
    public void Jobs_of_a_connection_that_breaks_in_order_go_back_untouched()
    {
        Wait(A, 2);
        Grant(1);
        var jobs = Ready(A, 2);
        Connect(1);
        _effects.Clear();
        _pool.Closed(1, null, _now, _effects);
        Assert.Equal(jobs, _effects.Ended.Select(e => e.Job.Job));
        Assert.All(_effects.Ended, e => Assert.Null(e.Job.Failure));
    }

    [Fact]
    public void A_domain_that_is_taken_off_gets_back_what_no_connection_has_in_its_order()
    {
        Wait(A, 5);
        Grant(1);
        var jobs = Ready(A, 5);
        Connect(1);
        Wait(A, 0);
        Assert.Equal([jobs[4], jobs[3], jobs[2]], _effects.Ended.Select(e => e.Job.Job));     // the queue puts each in front
    }

    [Fact]
    public void A_later_word_counts_though_it_overtakes_an_earlier_one()
    {
        Wait(A, 1);
        Grant(1);
        var late = new SitePoolProtocol.Waiting(Site(), A, To(Site()), 0, ++_turn);
        Ready(A, 2, stillDue: 5);
        _effects.Clear();
        _pool.On(late, 0, _now, _effects);
        Assert.Empty(_effects.Ended);
        Assert.Equal(2, _pool.Ready);
    }

    [Fact]
    public void A_recalled_job_goes_back_unless_a_connection_has_it()
    {
        Wait(A, 4);
        Grant(1);
        var jobs = Ready(A, 4);
        Connect(1);
        _effects.Clear();
        _pool.On(new SitePoolProtocol.Recall(Site(), jobs[3]), _now, _effects);
        _pool.On(new SitePoolProtocol.Recall(Site(), jobs[0]), _now, _effects);
        Assert.Equal([jobs[3]], _effects.Ended.Select(e => e.Job.Job));
        Assert.Equal(1, _pool.Ready);
    }

    [Fact]
    public void Never_holds_or_allows_more_than_max_ready()
    {
        for (var i = 0; i < 40; i++)
        {
            Wait(new($"d{i}.example"), 100);
            foreach (var (_, want) in _effects.Wants.ToList())
            {
                Ready(want.Domain, want.Jobs, stillDue: 100 - want.Jobs);
            }
        }
        Assert.InRange(_pool.Ready + _pool.Domains.Sum(d => d.Allowance), 1, Options.MaxReady);
    }

    [Fact]
    public void What_idle_domains_leave_unused_is_taken_back_where_others_starve()
    {
        Wait(A, 1);
        Grant(1);
        var job = Ready(A, 1).Single();
        Connect(1);
        Serve(1, job);
        Wait(B, 9);
        Assert.Equal((B, 1), (_effects.Wants.Single().Want.Domain, _effects.Wants.Single().Want.Jobs));     // all the room there is
        Ready(B, 1, stillDue: 8);
        Assert.Equal((A, 0), (_effects.Wants.Single().Want.Domain, _effects.Wants.Single().Want.Jobs));
        Ready(A, 0, returned: 15);
        Assert.Equal(B, _effects.Wants.Single().Want.Domain);
    }

    [Fact]
    public void An_idle_connection_is_closed_after_its_time_then_lease_and_allowance_are_given_back_and_the_pool_is_empty()
    {
        Wait(A, 1);
        Grant(1);
        var job = Ready(A, 1).Single();
        Connect(1);
        Serve(1, job);
        Pass(9.9);
        Assert.Empty(_effects.Close);
        Pass(0.1);
        Assert.Equal([1], _effects.Close);
        _effects.Clear();
        _pool.Closed(1, null, _now, _effects);
        Assert.Equal(0, _effects.Requests.Single().Demand);
        Assert.Equal((A, 0), (_effects.Wants.Single().Want.Domain, _effects.Wants.Single().Want.Jobs));
        Assert.False(_pool.IsEmpty);
        Ready(A, 0, returned: 15);
        Assert.True(_pool.IsEmpty);
        Assert.Null(_pool.NextEvent(_now));
    }

    [Fact]
    public void The_connection_used_last_is_used_next_so_that_a_surplus_goes_idle()
    {
        Wait(A, 4);
        Grant(2);
        var jobs = Ready(A, 2);
        Connect(1);
        Connect(2);
        Serve(1, jobs[0]);
        Serve(2, jobs[1]);
        Ready(A, 1);
        Assert.Equal(2, _effects.Deliver.Single().Connection);
    }
}
