using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;
using static MailCluster.Actors.Delivery.DeliveryProtocol;

namespace MailCluster.Actors.Tests.Delivery;

public sealed class DeliveryStateTests
{
    private static readonly DomainName Domain = new("example.org");
    private static readonly NodeId A = new("a:1", 1);
    private static readonly NodeId B = new("b:1", 2);
    private static readonly NodeId C = new("c:1", 3);

    private readonly List<DeliveryEffect> _effects = [];
    private readonly DeliveryState _state = new(Domain, new RetryOptions { Jitter = 0 }, 1000, new Random(1));
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _number;

    [Fact]
    public void Answers_all_who_reported_when_the_route_is_known_and_resolves_once()
    {
        Report(A, 5);
        Report(B, 5);
        Assert.Single(_effects.OfType<DeliveryEffect.Resolve>());
        Assert.Empty(Told());

        Resolve(To("mx"));

        Assert.Equal([(A, 1L), (B, 2L)], Told().Select(tell => (tell.Node, tell.Decision.Number)));
        Assert.Equal(TimeSpan.FromMinutes(5), Told()[0].Decision.TimeToLive);
    }

    [Fact]
    public void Answers_at_once_while_the_route_holds_and_resolves_anew_when_it_has_run_out()
    {
        Up(A);
        Assert.Equal(A, Assert.Single(Told(() => Report(A, 5))).Node);

        Pass(TimeSpan.FromHours(1));
        Assert.Empty(Told(() => Report(A, 5)));
        Assert.Equal(A, Assert.Single(Told(() => Resolve(To("mx")))).Node);
    }

    [Fact]
    public void A_request_to_refresh_is_not_answered_from_what_is_known_but_not_followed_too_often()
    {
        Up(A);
        Assert.Single(Told(() => Report(A, 5, refresh: true)));     // resolved just now
        Pass(DeliveryState.RefreshInterval);
        _effects.Clear();
        Report(A, 5, refresh: true);

        Assert.Equal(DeliveryState.RefreshInterval, Assert.Single(_effects.OfType<DeliveryEffect.Resolve>()).MaxAge);
        Assert.Empty(Told());
    }

    [Fact]
    public void Tells_all_nodes_of_another_route()
    {
        Report(A, 5);
        Report(B, 5);
        Resolve(To("mx"), minutes: 5);
        Pass(TimeSpan.FromMinutes(5));
        Report(A, 5);

        Assert.Equal([A, B], Told(() => Resolve(To("mx2"), minutes: 5)).Select(tell => tell.Node));
        Pass(TimeSpan.FromMinutes(5));
        Report(A, 5);
        Assert.Equal([A], Told(() => Resolve(To("mx2"), minutes: 5)).Select(tell => tell.Node));
    }

    [Fact]
    public void Goes_on_with_the_old_route_for_a_time_when_the_name_servers_fail()
    {
        Up(A);
        Pass(TimeSpan.FromHours(1));
        Report(A, 5);
        Assert.IsType<Route.To>(Assert.Single(Told(() => Resolve(Nowhere(451)))).Decision.Route);

        Pass(TimeSpan.FromMinutes(61));
        Report(A, 5);
        Assert.IsType<Route.Nowhere>(Assert.Single(Told(() => Resolve(Nowhere(451)))).Decision.Route);
    }

    [Fact]
    public void Believes_the_name_servers_when_they_say_that_the_domain_is_gone()
    {
        Up(A);
        Pass(TimeSpan.FromHours(1));
        Report(A, 5);

        Assert.IsType<Route.Nowhere>(Assert.Single(Told(() => Resolve(Nowhere(550)))).Decision.Route);
    }

    [Fact]
    public void A_late_report_is_ignored_and_a_repeated_one_answered_again_without_counting_twice()
    {
        Up(A);
        Told(() => Report(A, 5, AttemptsOutcome.Unreachable));
        var first = Wait(_state, A);
        _number--;
        Assert.Equal(first, ((DomainSchedule.Down)Assert.Single(Told(() => Report(A, 5, AttemptsOutcome.Unreachable))).Decision.Schedule).RetryAfter);
        _number -= 2;
        Assert.Empty(Told(() => Report(A, 500, AttemptsOutcome.Reached)));
        _number += 5;
        Assert.True(_state.IsDown);
    }

    [Fact]
    public void Backs_off_by_the_retry_options()
    {
        Up(A);
        var waits = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            var down = Assert.IsType<DomainSchedule.Down>(Assert.Single(Told(() => Report(A, 5, AttemptsOutcome.Unreachable))).Decision.Schedule);
            waits.Add(down.RetryAfter.TotalMinutes);
            Pass(down.RetryAfter);
            Resolve(To("mx"));
            Assert.IsType<DomainSchedule.Probe>(Assert.Single(Told(() => Report(A, 5))).Decision.Schedule);
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 240, 240, 240], waits);
    }

    [Fact]
    public void Lets_one_node_probe_and_tells_the_others_at_once_when_it_gets_through()
    {
        Up(A, B, C);
        Assert.Equal([A, B, C], Told(() => Report(A, 5, AttemptsOutcome.Unreachable)).Select(tell => tell.Node).Order(ByAddress));
        Pass(TimeSpan.FromMinutes(5));
        Resolve(To("mx"));

        Assert.IsType<DomainSchedule.Probe>(Assert.Single(Told(() => Report(B, 5))).Decision.Schedule);
        Assert.IsType<DomainSchedule.Down>(Assert.Single(Told(() => Report(A, 5))).Decision.Schedule);
        Assert.IsType<DomainSchedule.Probe>(Assert.Single(Told(() => Report(B, 5))).Decision.Schedule);     // its answer was lost
        var told = Told(() => Report(B, 5, AttemptsOutcome.Reached));
        Assert.Equal([A, B, C], told.Select(tell => tell.Node).Order(ByAddress));
        Assert.All(told, tell => Assert.IsType<DomainSchedule.Open>(tell.Decision.Schedule));
    }

    [Fact]
    public void What_began_before_the_domain_went_down_does_not_lengthen_the_wait()
    {
        Up(A, B);
        Report(A, 5, AttemptsOutcome.Unreachable);
        var wait = Wait(_state, B, AttemptsOutcome.Unreachable);

        Assert.Equal(TimeSpan.FromMinutes(5), wait);
    }

    [Fact]
    public void Another_node_probes_when_the_first_takes_too_long_or_has_no_mail_left()
    {
        Up(A, B, C);
        Report(A, 5, AttemptsOutcome.Unreachable);
        Pass(TimeSpan.FromMinutes(5));
        Resolve(To("mx"));
        Report(A, 5);
        Pass(DeliveryState.ProbeTime);
        Resolve(To("mx"));
        Assert.IsType<DomainSchedule.Probe>(Assert.Single(Told(() => Report(B, 5))).Decision.Schedule);
        Report(B, 0);
        Assert.IsType<DomainSchedule.Probe>(Assert.Single(Told(() => Report(C, 5))).Decision.Schedule);
    }

    [Fact]
    public void Anyone_who_reaches_a_host_ends_it()
    {
        Up(A, B);
        Report(A, 5, AttemptsOutcome.Unreachable);
        Report(B, 5, AttemptsOutcome.Reached);

        Assert.False(_state.IsDown);
    }

    [Fact]
    public void Closes_at_the_limit_over_all_nodes_and_opens_at_nine_tenths_telling_everyone()
    {
        Up(A, B);
        Assert.DoesNotContain(Told(() => Report(A, 600)), tell => tell.Decision.Closed);
        var told = Told(() => Report(B, 400));
        Assert.Equal([A, B], told.Select(tell => tell.Node).Order(ByAddress));
        Assert.All(told, tell => Assert.True(tell.Decision.Closed));

        Assert.All(Told(() => Report(A, 501)), tell => Assert.True(tell.Decision.Closed));
        told = Told(() => Report(A, 500));
        Assert.Equal([A, B], told.Select(tell => tell.Node).Order(ByAddress));
        Assert.All(told, tell => Assert.False(tell.Decision.Closed));
    }

    [Fact]
    public void Near_the_limit_nodes_report_more_often()
    {
        Up(A);

        Assert.Equal(DeliveryState.DecisionNearLimit, Assert.Single(Told(() => Report(A, 500))).Decision.TimeToLive);
    }

    [Fact]
    public void Tells_the_opening_also_to_a_node_that_has_no_mail_left()
    {
        Up(A, B);
        Report(A, 1000);
        Report(B, 10);
        Report(B, 0);

        Assert.Contains(Told(() => Report(A, 10)), tell => tell.Node == B && !tell.Decision.Closed);
        Assert.Contains(Told(() => _state.OnTick(_now, _effects)), tell => tell.Node == B && !tell.Decision.Closed);     // and again, for it may be lost
    }

    [Fact]
    public void A_node_not_heard_of_for_long_counts_no_more()
    {
        Up(A, B);
        Report(B, 999);
        Report(A, 5);
        Assert.True(_state.IsClosed);
        for (var passed = TimeSpan.Zero; passed < DeliveryState.ForgetAfter; passed += TimeSpan.FromMinutes(5))
        {
            Pass(TimeSpan.FromMinutes(5));
            Report(A, 5);
            Resolve(To("mx"));
        }

        Assert.False(_state.IsClosed);
    }

    [Fact]
    public void Every_member_hears_of_closing_and_opening_and_hears_it_again()
    {
        Up(A, B);
        Report(A, 600);
        Report(B, 400);
        Assert.True(Assert.Single(Announced()).IsClosed);
        _effects.Clear();
        _state.OnTick(_now, _effects);
        Assert.True(Assert.Single(Announced()).IsClosed);
        _effects.Clear();
        Report(A, 0);
        Assert.False(Assert.Single(Announced()).IsClosed);
        _effects.Clear();
        _state.OnTick(_now, _effects);
        Assert.False(Assert.Single(Announced()).IsClosed);
    }

    [Fact]
    public void A_new_incarnation_keeps_the_domain_closed_until_all_that_have_mail_have_reported()
    {
        Resolve(To("mx"));
        _effects.Clear();
        _state.On(new Report(Domain, A, 1, 500, TimeSpan.Zero, AttemptsOutcome.None, false, Closed: true), _now, _effects);
        Assert.True(_state.IsClosed);
        Assert.True(Assert.Single(Announced()).IsClosed);

        Pass(DeliveryState.DecisionNearLimit);
        _state.On(new Report(Domain, B, 1, 420, TimeSpan.Zero, AttemptsOutcome.None, false, Closed: true), _now, _effects);
        Pass(2 * DeliveryState.DecisionNearLimit);
        _state.On(new Report(Domain, A, 2, 490, TimeSpan.Zero, AttemptsOutcome.None, false, Closed: true), _now, _effects);
        Assert.True(_state.IsClosed);       // 910 of 1000: opens at 900
        _state.On(new Report(Domain, A, 3, 480, TimeSpan.Zero, AttemptsOutcome.None, false, Closed: true), _now, _effects);
        Assert.False(_state.IsClosed);
        _state.On(new Report(Domain, B, 2, 420, TimeSpan.Zero, AttemptsOutcome.None, false, Closed: true), _now, _effects);
        Assert.False(_state.IsClosed);      // B says what it was told before: it has been told anew since
    }

    [Fact]
    public void What_waited_on_a_node_that_died_keeps_the_domain_closed_for_a_short_time_only()
    {
        Up(A, B);
        Report(B, 900);
        Report(A, 100);
        Assert.True(_state.IsClosed);
        for (var i = 0; i < 4; i++)
        {
            Pass(DeliveryState.DecisionNearLimit);
            Report(A, 100);
        }

        Assert.False(_state.IsClosed);
    }

    private IEnumerable<Closing> Announced() => _effects.OfType<DeliveryEffect.Announce>().Select(effect => effect.Closing);

    [Fact]
    public void Is_idle_when_nothing_would_be_lost_but_not_between_two_messages()
    {
        Up(A);
        Assert.False(_state.IsIdle(_now));
        Report(A, 0);
        Pass(DeliveryState.Linger - TimeSpan.FromMilliseconds(1));
        Assert.False(_state.IsIdle(_now));
        Pass(TimeSpan.FromMilliseconds(1));
        Assert.True(_state.IsIdle(_now));
    }

    [Fact]
    public void Is_not_idle_while_down_closed_full_or_asked()
    {
        Up(A);
        Report(A, 5, AttemptsOutcome.Unreachable);
        Pass(DeliveryState.Linger);
        Assert.False(_state.IsIdle(_now));
        Report(A, 5, AttemptsOutcome.Reached);
        Pass(DeliveryState.Linger);
        Assert.True(_state.IsIdle(_now));
        Report(A, 50);
        Pass(DeliveryState.Linger);
        Assert.False(_state.IsIdle(_now));
        Report(A, 5);
        Pass(TimeSpan.FromHours(2));
        Report(A, 5);       // resolving
        Pass(DeliveryState.Linger);
        Assert.False(_state.IsIdle(_now));
    }

    private static readonly Comparer<NodeId> ByAddress = Comparer<NodeId>.Create((a, b) => string.CompareOrdinal(a.Address, b.Address));

    private static Route.To To(string host) => new Route.To(new SiteKey(host, "default"), [new RouteHost(host, 10, [IPAddress.Parse("192.0.2.1")], 25)]);

    private static Route.Nowhere Nowhere(int code) => new Route.Nowhere(new DeliveryFailure(FailureScope.Destination, new(code, default, "x"), null, IsLocal: true));

    private void Up(params NodeId[] nodes)
    {
        foreach (var node in nodes)
        {
            Report(node, 5);
        }

        Resolve(To("mx"));
        _effects.Clear();
    }

    private void Report(NodeId node, int waiting, AttemptsOutcome outcome = AttemptsOutcome.None, bool refresh = false) =>
        _state.On(new Report(Domain, node, ++_number, waiting, TimeSpan.Zero, outcome, refresh), _now, _effects);

    private void Resolve(Route route, int minutes = 60) => _state.On(new Resolution(route, TimeSpan.FromMinutes(minutes)), _now, _effects);

    private void Pass(TimeSpan span) => _now += span;

    private TimeSpan Wait(DeliveryState state, NodeId node, AttemptsOutcome outcome = AttemptsOutcome.None)
    {
        Assert.Same(_state, state);
        return Assert.IsType<DomainSchedule.Down>(Told(() => Report(node, 5, outcome)).Last(tell => tell.Node == node).Decision.Schedule).RetryAfter;
    }

    private List<DeliveryEffect.Tell> Told(Action? action = null)
    {
        if (action is not null)
        {
            _effects.Clear();
            action();
        }

        return [.. _effects.OfType<DeliveryEffect.Tell>()];
    }
}
