using Akka.Actor;
using Akka.TestKit;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Addressing;
using static MailCluster.Actors.Delivery.DeliveryProtocol;

namespace MailCluster.Actors.Tests.Delivery;

/// <summary>With a static route.</summary>
public sealed class DeliveryActorTests : ShardedActorSpec
{
    private static readonly DomainName Domain = new("example.org");
    private static readonly RetryOptions Retry = new() { Jitter = 0 };

    private readonly FactStore _facts = new();
    private long _number;

    [Fact]
    public void What_has_been_learned_goes_out_with_each_decision_and_is_kept()
    {
        var domain = Start("domain", _facts);

        Assert.Null(Decide(domain, AttemptsOutcome.None).Fact);
        FailsTwice(domain);

        Assert.Equal("2", _facts.Find(DeliveryActor.FactOf(Domain), Time.Now)!.Value);
    }

    [Fact]
    public void A_new_incarnation_elsewhere_goes_on_from_what_its_predecessor_had_learned_of_the_domain()
    {
        FailsTwice(Start("domain", _facts));

        // Its node dies; the next one, elsewhere, hears of it with the first report.
        var elsewhere = Start("elsewhere", new());
        Assert.IsType<DomainSchedule.Probe>(Decide(elsewhere, AttemptsOutcome.None, _facts.Find(DeliveryActor.FactOf(Domain), Time.Now)).Schedule);      // one message tries
        Assert.Equal(Wait(3), Decide(elsewhere, AttemptsOutcome.Unreachable).Schedule);

        // Where the domain is up again that is a fact too: an older one from another node counts no more.
        var old = _facts.Find(DeliveryActor.FactOf(Domain), Time.Now);
        var up = Decide(elsewhere, AttemptsOutcome.Reached);
        Assert.IsType<DomainSchedule.Open>(up.Schedule);
        Assert.Equal("", up.Fact!.Value);
        Assert.IsType<DomainSchedule.Open>(Decide(elsewhere, AttemptsOutcome.None, old).Schedule);
    }

    [Fact]
    public void A_new_incarnation_on_a_node_that_has_kept_the_fact_needs_nobody_to_tell_it()
    {
        FailsTwice(Start("domain", _facts));

        var next = Start("next", _facts);

        Assert.IsType<DomainSchedule.Probe>(Decide(next, AttemptsOutcome.None).Schedule);
        Assert.Equal(Wait(3), Decide(next, AttemptsOutcome.Unreachable).Schedule);
    }

    private void FailsTwice(IActorRef domain)
    {
        var first = Decide(domain, AttemptsOutcome.Unreachable);
        Assert.Equal((Wait(1), "1"), (first.Schedule, first.Fact!.Value));
        Time.Advance(Wait(1).RetryAfter);
        Assert.IsType<DomainSchedule.Probe>(Decide(domain, AttemptsOutcome.None).Schedule);
        var second = Decide(domain, AttemptsOutcome.Unreachable);
        Assert.Equal((Wait(2), "2"), (second.Schedule, second.Fact!.Value));
    }

    private static DomainSchedule.Down Wait(int failures) => new(Retry.First * Math.Pow(Retry.Factor, failures - 1));

    private Decision Decide(IActorRef domain, AttemptsOutcome outcome, Fact? fact = null)
    {
        var number = ++_number;
        domain.Tell(new Report(Domain, Self, number, 1, TimeSpan.Zero, outcome, Refresh: false, Fact: fact));
        return FishForMessage<Decision>(decision => decision.Number == number);
    }

    private TestActorRef<DeliveryActor> Start(string name, FactStore facts)
    {
        var resolver = new MailExchangerResolver(new DnsOptions(), [new RouteOptions(null, "127.0.0.1", 2526)], new DeliveryOptions(), new Ourselves("node.example", []));
        return ActorOfAsTestActorRef<DeliveryActor>(Props.Create(() => new DeliveryActor(Domain, new DeliveryNode(resolver, Retry, 1000, new ClosedDomains(), facts))), TestActor, name);
    }
}
