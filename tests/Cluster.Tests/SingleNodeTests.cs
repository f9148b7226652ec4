using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Cluster.Tests;

public sealed class SingleNodeTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Answers_a_report_with_the_route_and_a_request_with_a_lease()
    {
        await using var node = await ClusterNode.StartAsync(serializeAll: true);
        var answers = new Answers(node.System);

        var domain = new DomainName("example.org");
        node.Delivery.Tell(new DeliveryProtocol.Report(domain, node.Id, 1, 10, TimeSpan.Zero, DeliveryProtocol.AttemptsOutcome.None, false), answers.Receiver);
        var decision = Assert.IsType<DeliveryProtocol.Decision>(await answers.ReceiveAsync(Bound));
        var to = Assert.IsType<Route.To>(decision.Route);
        Assert.Equal("route:127.0.0.1:2526", to.Site.Site);
        Assert.Equal(1, decision.Number);
        Assert.IsType<DomainSchedule.Open>(decision.Schedule);
        Assert.False(decision.Closed);

        node.Sites.Tell(new SiteProtocol.Request(to.Site, node.Id, 1, default, 0, 4, 10, 0, false), answers.Receiver);
        var granted = Assert.IsType<SiteProtocol.Granted>(await answers.ReceiveAsync(Bound));
        Assert.Equal((1, 4), (granted.Number, granted.Connections));
        Assert.Equal(LeaseTiming.TimeToLive, granted.TimeToLive);
    }
}
