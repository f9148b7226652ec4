using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.SitePools;

public sealed class LeaseHolderTests
{
    private static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(15);
    private static readonly Epoch First = new(100, 1);
    private readonly LeaseHolder _holder = new(Site(), new("node:4053", 1), 10, new());
    private Moment _now = new(TimeSpan.FromDays(1), Start);

    private void Pass(double seconds) => _now = new(_now.Monotonic + TimeSpan.FromSeconds(seconds), _now.Wall + TimeSpan.FromSeconds(seconds));

    private SiteProtocol.Request Ask(int held = 0, int demand = 5) => _holder.Poll(_now, held, demand) ?? throw new InvalidOperationException("nothing was asked");

    private static SiteProtocol.Granted Grant(SiteProtocol.Request request, int connections, Epoch? epoch = null) => new(Site(), request.Number, epoch ?? First, connections, TimeToLive);

    private static SiteProtocol.Held Hold(SiteProtocol.Request request, SiteProtocol.HeldReason reason, double seconds = 1) => new(Site(), request.Number, First, TimeSpan.FromSeconds(seconds), reason);

    [Fact]
    public void Asks_at_once_when_there_is_a_first_demand_and_then_waits_for_the_answer()
    {
        var request = Ask(demand: 3);
        Assert.Equal((3, 0, 10), (request.Demand, request.Held, request.Limit));
        Assert.Null(_holder.Poll(_now, 0, 3));
        Assert.Equal(0, _holder.Allowed(_now));
    }

    [Fact]
    public void A_lease_runs_from_the_sending_of_the_request()
    {
        var request = Ask();
        Pass(4);
        Assert.True(_holder.On(Grant(request, 5)));
        Assert.Equal(5, _holder.Allowed(_now));
        Pass(10.9);
        Assert.Equal(5, _holder.Allowed(_now));
        Pass(0.1);
        Assert.Equal(0, _holder.Allowed(_now));
    }

    [Theory]
    [InlineData(15, 0)]
    [InlineData(0, 15)]
    [InlineData(15, -3600)]
    [InlineData(0, 3600)]
    public void A_lease_has_run_out_when_either_clock_says_so(double monotonic, double wall)
    {
        _holder.On(Grant(Ask(), 5));
        _now = new(_now.Monotonic + TimeSpan.FromSeconds(monotonic), _now.Wall + TimeSpan.FromSeconds(wall));
        Assert.Equal(0, _holder.Allowed(_now));
    }

    [Fact]
    public void Renews_five_seconds_after_the_last_request()
    {
        _holder.On(Grant(Ask(), 5));
        Assert.Equal(TimeSpan.FromSeconds(5), _holder.NextEvent(_now, 1, 5));
        Pass(4.9);
        Assert.Null(_holder.Poll(_now, 1, 5));
        Pass(0.1);
        Assert.Equal((First, 1), (_holder.Poll(_now, 1, 5) is { } renewal) ? (renewal.Epoch, renewal.Held) : default);
    }

    [Fact]
    public void Repeats_unanswered_requests_after_one_two_and_four_seconds_with_new_numbers()
    {
        var numbers = new List<long> { Ask().Number };
        foreach (var wait in new[] { 1, 2, 4, 5, 5 })
        {
            Pass(wait - 0.01);
            Assert.Null(_holder.Poll(_now, 0, 5));
            Pass(0.01);
            numbers.Add(Ask().Number);
        }
        Assert.Equal(numbers.Order().Distinct(), numbers);
    }

    [Fact]
    public void An_answer_to_an_older_request_than_the_newest_answered_changes_nothing()
    {
        var older = Ask();
        Pass(1);
        var newer = Ask();
        Assert.True(_holder.On(Grant(newer, 2)));
        Assert.False(_holder.On(Grant(older, 9)));
        Assert.False(_holder.On(Grant(newer, 9)));
        Assert.Equal(2, _holder.Allowed(_now));
    }

    [Fact]
    public void An_answer_of_an_older_incarnation_changes_nothing()
    {
        _holder.On(Grant(Ask(), 2, new Epoch(200, 1)));
        Pass(5);
        var request = Ask();
        Assert.False(_holder.On(Grant(request, 9, new Epoch(199, 7))));
        Assert.True(_holder.On(Grant(request, 3, new Epoch(200, 2))));
        Assert.Equal(3, _holder.Allowed(_now));
    }

    [Theory]
    [InlineData(SiteProtocol.HeldReason.Taken, 0)]
    [InlineData(SiteProtocol.HeldReason.Broken, 0)]
    [InlineData(SiteProtocol.HeldReason.Unready, 5)]
    public void A_refusal_takes_the_lease_away_unless_the_actor_does_not_know_yet(SiteProtocol.HeldReason reason, int left)
    {
        _holder.On(Grant(Ask(), 5));
        Pass(5);
        _holder.On(Hold(Ask(), reason), _now);
        Assert.Equal(left, _holder.Allowed(_now));
    }

    [Fact]
    public void Asks_again_when_told_to_and_at_once_when_offered()
    {
        _holder.On(Hold(Ask(), SiteProtocol.HeldReason.Broken, 60), _now);
        Pass(59.9);
        Assert.Null(_holder.Poll(_now, 0, 5));
        _holder.On(new SiteProtocol.Offered(Site(), First));
        _holder.On(Hold(Ask(), SiteProtocol.HeldReason.Broken, 60), _now);
        Pass(60);
        Ask();
    }

    [Fact]
    public void Tells_at_once_that_the_sockets_of_a_lost_lease_are_closed()
    {
        _holder.On(Grant(Ask(), 2));
        Pass(5);
        _holder.On(Hold(Ask(held: 2), SiteProtocol.HeldReason.Taken, 5), _now);
        Assert.Null(_holder.Poll(_now, 2, 2));
        Assert.Null(_holder.Poll(_now, 1, 2));
        Assert.Equal(0, Ask(held: 0).Held);
    }

    [Fact]
    public void Gives_the_lease_back_once_when_nothing_is_left_and_ignores_what_is_granted_to_what_it_asked_before()
    {
        _holder.On(Grant(Ask(), 2));
        Pass(5);
        var renewal = Ask(held: 1, demand: 1);
        Assert.Equal(0, Ask(demand: 0).Demand);
        Assert.Null(_holder.Poll(_now, 0, 0));
        Assert.False(_holder.On(Grant(renewal, 2)));
        Assert.Equal(0, _holder.Allowed(_now));
        Assert.Null(_holder.NextEvent(_now, 0, 0));
        Ask(demand: 1);
    }

    [Fact]
    public void An_open_connection_is_a_demand_until_its_socket_is_closed()
    {
        _holder.On(Grant(Ask(), 2));
        Pass(5);
        Assert.Equal((1, 1), Ask(held: 1, demand: 0) is var request ? (request.Held, request.Demand) : default);
    }

    [Fact]
    public void A_grown_demand_is_told_soon_where_all_that_was_asked_was_granted()
    {
        _holder.On(Grant(Ask(demand: 1), 1));
        Pass(0.05);
        Assert.Null(_holder.Poll(_now, 1, 8));
        Pass(0.05);
        Assert.Equal(8, Ask(held: 1, demand: 8).Demand);
    }

    [Fact]
    public void Failures_count_up_to_a_success_which_is_told_until_it_has_been_answered()
    {
        _holder.ConnectionFailed();
        _holder.ConnectionFailed();
        Assert.Equal((2, false), Ask() is var one ? (one.Failures, one.Succeeded) : default);
        Pass(1);
        _holder.ConnectionSucceeded();
        var two = Ask();
        Assert.Equal((0, true), (two.Failures, two.Succeeded));
        Pass(2);
        var three = Ask();
        Assert.True(three.Succeeded);
        _holder.On(Grant(three, 1));
        Pass(5);
        Assert.False(Ask().Succeeded);
    }

    [Fact]
    public void A_pool_that_comes_back_goes_on_above_the_numbers_of_the_one_before()
    {
        var numbers = new RequestNumbers();
        var node = new NodeId("node:4053", 1);
        var before = new LeaseHolder(Site(), node, 1, numbers).Poll(_now, 0, 1)!.Number;
        Assert.True(new LeaseHolder(Site(), node, 1, numbers).Poll(_now, 0, 1)!.Number > before);
    }
}
