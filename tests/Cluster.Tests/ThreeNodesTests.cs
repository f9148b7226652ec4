using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Cluster.Tests;

/// <summary>Three nodes in this process, over real sockets.</summary>
public sealed class ThreeNodesTests : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly List<ClusterNode> _nodes = [];
    private readonly Dictionary<ClusterNode, Inbox> _inboxes = [];
    private readonly Dictionary<(ClusterNode, string), (long Number, long Heard, Epoch Epoch)> _numbers = [];

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            var node = await ClusterNode.StartAsync(i == 0 ? null : _nodes[0]);
            _nodes.Add(node);
            _inboxes[node] = Inbox.Create(node.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_site_has_one_limit_wherever_its_mail_is_and_keeps_it_when_its_actor_moves()
    {
        // Many sites, so that each node hosts some of their actors.
        string[] sites = [.. Enumerable.Range(0, 30).Select(i => $"mx{i}.example.org")];
        foreach (var site in sites)
        {
            Assert.Equal(6, await GrantedAsync(_nodes[0], site, demand: 6));
            Assert.Equal(4, await GrantedAsync(_nodes[1], site, demand: 6));
            Assert.Equal(SiteProtocol.HeldReason.Taken, Assert.IsType<SiteProtocol.Held>(await AskAsync(_nodes[2], site, demand: 6)).Reason);
        }

        // The third node goes in order: its actors start anew on the others, who ask what is held and count it. What node 0 does not renew stays its own for the time to live.
        var third = _nodes[2];
        await third.DisposeAsync();
        _nodes.Remove(third);
        foreach (var site in sites)
        {
            Assert.True(await GrantedAsync(_nodes[1], site, demand: 10) <= 4, $"more than the limit was granted for {site}");
        }
    }

    [Fact]
    public async Task A_domain_closes_for_what_waits_on_all_nodes_and_every_node_is_told()
    {
        for (var i = 0; i < 10; i++)
        {
            var domain = new DomainName($"full{i}.example");
            Report(_nodes[0], domain, 1, 600);
            Assert.False((await DecisionAsync(_nodes[0], domain)).Closed);
            Report(_nodes[1], domain, 1, 400);
            Assert.True((await DecisionAsync(_nodes[1], domain)).Closed);
            Assert.True((await DecisionAsync(_nodes[0], domain)).Closed);
            Report(_nodes[0], domain, 2, 100);
            Assert.False((await DecisionAsync(_nodes[0], domain)).Closed);
            Assert.False((await DecisionAsync(_nodes[1], domain)).Closed);
        }
    }

    private void Report(ClusterNode node, DomainName domain, long number, int waiting) =>
        node.Delivery.Tell(new DeliveryProtocol.Report(domain, node.Id, number, waiting, TimeSpan.Zero, DeliveryProtocol.AttemptsOutcome.None, false), _inboxes[node].Receiver);

    private async Task<DeliveryProtocol.Decision> DecisionAsync(ClusterNode node, DomainName domain) =>
        (DeliveryProtocol.Decision)await ReceiveAsync(node, message => message is DeliveryProtocol.Decision decision && decision.Domain == domain);

    /// <summary>Asks until the actor is ready, as a pool does, and publishes what is granted.</summary>
    private async Task<int> GrantedAsync(ClusterNode node, string site, int demand)
    {
        var deadline = DateTime.UtcNow + Bound;
        while (DateTime.UtcNow < deadline)
        {
            switch (await AskAsync(node, site, demand))
            {
                case SiteProtocol.Granted granted:
                    node.Holdings.Hold(granted.Site, granted.Epoch, granted.Connections, Moment.Of(node.System.Scheduler).Plus(granted.TimeToLive));
                    return granted.Connections;
                case SiteProtocol.Held { Reason: not SiteProtocol.HeldReason.Unready }:
                    return 0;
            }
        }

        throw new TimeoutException($"{site} never became ready");
    }

    private async Task<SiteProtocol.ISiteMessage> AskAsync(ClusterNode node, string site, int demand)
    {
        var key = new SiteKey(site, SiteKey.DefaultSource);
        var known = _numbers.GetValueOrDefault((node, site));
        var number = known.Number + 1;
        node.Sites.Tell(new SiteProtocol.Request(key, node.Id, number, known.Epoch, 0, demand, 10, 0, false, known.Heard), _inboxes[node].Receiver);
        var answer = (SiteProtocol.ISiteMessage)await ReceiveAsync(node, message => message switch
        {
            SiteProtocol.Granted granted => granted.Site == key && granted.Number == number,
            SiteProtocol.Held held => held.Site == key && held.Number == number,
            _ => false,
        });
        _numbers[(node, site)] = answer is SiteProtocol.Granted { Epoch: var epoch } ? (number, number, epoch) : (number, known.Heard, known.Epoch);
        return answer;
    }

    private async Task<object> ReceiveAsync(ClusterNode node, Predicate<object> wanted)
    {
        while (true)
        {
            var message = await _inboxes[node].ReceiveAsync(Bound);
            if (message is Status.Failure failure)
            {
                throw failure.Cause;
            }

            if (wanted(message))
            {
                return message;
            }
        }
    }
}
