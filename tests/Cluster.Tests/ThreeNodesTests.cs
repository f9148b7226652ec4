using Akka.Actor;
using Akka.Cluster.Sharding;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Cluster.Tests;

/// <summary>Three nodes in this process, over real sockets.</summary>
public sealed class ThreeNodesTests : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly List<ClusterNode> _nodes = [];
    private readonly Dictionary<ClusterNode, Answers> _answers = [];
    private readonly Dictionary<(ClusterNode, string), (long Number, long Heard, Epoch Epoch)> _numbers = [];
    private readonly Dictionary<(ClusterNode, string), (int Connections, Moment Until)> _leases = [];

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            var node = await ClusterNode.StartAsync(i == 0 ? null : _nodes[0]);
            _nodes.Add(node);
            _answers[node] = new Answers(node.System);
        }

        // Shards go to the nodes whose regions the coordinator knows.
        foreach (var region in new[] { _nodes[0].Sites, _nodes[0].Delivery })
        {
            await Eventually.HoldsAsync(async () => (await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, Bound)).Regions.Count == _nodes.Count, "the regions of all nodes", Bound);
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
        // Several sites, so that each node hosts some of their actors.
        string[] sites = [.. Enumerable.Range(0, 12).Select(i => $"mx{i}.example.org")];
        foreach (var site in sites)
        {
            Assert.Equal(6, await GrantedAsync(_nodes[0], site, demand: 6));
            Assert.Equal(4, await GrantedAsync(_nodes[1], site, demand: 6));
            Assert.Equal(0, await GrantedAsync(_nodes[2], site, demand: 6));
        }

        // The third node goes in order: its actors start anew on the others, who ask what is held and count it. The two renew all the time and want more than there is.
        var third = _nodes[2];
        var moved = sites.Where(site => _numbers[(_nodes[0], site)].Epoch.Node == third.Id.Incarnation).ToList();
        Assert.NotEmpty(moved);
        var goes = third.DisposeAsync().AsTask();
        _nodes.Remove(third);
        var anew = new HashSet<string>();
        var deadline = DateTime.UtcNow + Bound;
        while (anew.Count < moved.Count || !goes.IsCompleted)
        {
            Assert.True(DateTime.UtcNow < deadline, $"of {moved.Count} actors that moved only {anew.Count} grant");
            foreach (var site in sites)
            {
                await AskAsync(_nodes[0], site, demand: 10);
                if (await AskAsync(_nodes[1], site, demand: 10) is SiteProtocol.Granted { Epoch: var epoch } && epoch.Node != third.Id.Incarnation && moved.Contains(site))
                {
                    anew.Add(site);
                }
            }
        }

        await goes;
        foreach (var site in sites)
        {
            // As soon as the actor has heard that the third is gone, the two share what there is.
            while (await GrantedAsync(_nodes[0], site, demand: 10) + await GrantedAsync(_nodes[1], site, demand: 10) < 10)
            {
                Assert.True(DateTime.UtcNow < deadline, $"of ten only {Leased(site)} are leased for {site}");
            }
        }
    }

    [Fact]
    public async Task What_a_site_actor_had_learned_is_known_to_its_successor_when_its_node_goes()
    {
        string[] sites = [.. Enumerable.Range(0, 12).Select(i => $"mx{i}.example.org")];
        foreach (var site in sites)
        {
            await GrantedAsync(_nodes[0], site, demand: 6);
            var key = new SiteKey(site, SiteKey.DefaultSource);
            _nodes[0].Sites.Tell(new SiteProtocol.Request(key, _nodes[0].Id, 1000, _numbers[(_nodes[0], site)].Epoch, 0, 6, 10, 5, false), _answers[_nodes[0]].Receiver);
            var held = (SiteProtocol.Held)await ReceiveAsync(_nodes[0], message => message is SiteProtocol.Held { Reason: SiteProtocol.HeldReason.Broken } broken && broken.Site == key);
            Assert.Equal("1", held.Fact!.Value);
            _nodes[0].Facts.Keep(new("site-broken", key.ToString()), held.Fact, DateTimeOffset.UtcNow);        // as its pool does
        }

        var third = _nodes[2];
        var moved = sites.Where(site => _numbers[(_nodes[0], site)].Epoch.Node == third.Id.Incarnation).ToList();
        Assert.NotEmpty(moved);
        _nodes.Remove(third);
        await third.DisposeAsync();
        foreach (var site in moved)
        {
            // The second node knows nothing of the site, nor has it asked before: the first answers the new incarnation.
            var deadline = DateTime.UtcNow + Bound;
            SiteProtocol.ISiteMessage? answer;
            do
            {
                Assert.True(DateTime.UtcNow < deadline, $"{site} never became ready");
                answer = await AskAsync(_nodes[1], site, demand: 5);
            }
            while (answer is not SiteProtocol.Granted);
            Assert.Equal((1, "1"), (((SiteProtocol.Granted)answer).Connections, ((SiteProtocol.Granted)answer).Fact?.Value));     // one connection tries
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
        node.Delivery.Tell(new DeliveryProtocol.Report(domain, node.Id, number, waiting, TimeSpan.Zero, DeliveryProtocol.AttemptsOutcome.None, false), _answers[node].Receiver);

    private async Task<DeliveryProtocol.Decision> DecisionAsync(ClusterNode node, DomainName domain) =>
        (DeliveryProtocol.Decision)await ReceiveAsync(node, message => message is DeliveryProtocol.Decision decision && decision.Domain == domain);

    /// <summary>Asks until the actor is ready.</summary>
    private async Task<int> GrantedAsync(ClusterNode node, string site, int demand)
    {
        var deadline = DateTime.UtcNow + Bound;
        while (DateTime.UtcNow < deadline)
        {
            switch (await AskAsync(node, site, demand))
            {
                case SiteProtocol.Granted granted:
                    return granted.Connections;
                case SiteProtocol.Held { Reason: not SiteProtocol.HeldReason.Unready }:
                    return 0;
            }
        }

        throw new TimeoutException($"{site} never became ready");
    }

    /// <summary>Asks once, as a pool does: asks again when no answer comes, publishes what is granted, and checks that all leases of the site together stay within the limit.</summary>
    private async Task<SiteProtocol.ISiteMessage?> AskAsync(ClusterNode node, string site, int demand)
    {
        var key = new SiteKey(site, SiteKey.DefaultSource);
        var known = _numbers.GetValueOrDefault((node, site));
        var number = known.Number + 1;
        var sent = Moment.Of(node.System.Scheduler);
        node.Sites.Tell(new SiteProtocol.Request(key, node.Id, number, known.Epoch, 0, demand, 10, 0, false, known.Heard), _answers[node].Receiver);
        _numbers[(node, site)] = known with { Number = number };
        SiteProtocol.ISiteMessage answer;
        try
        {
            answer = (SiteProtocol.ISiteMessage)await ReceiveAsync(node, message => message switch
            {
                SiteProtocol.Granted granted => granted.Site == key && granted.Number == number,
                SiteProtocol.Held held => held.Site == key && held.Number == number,
                _ => false,
            }, TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            return null;        // Its shard is on the move.
        }

        switch (answer)
        {
            case SiteProtocol.Granted granted:
                if (node.Holdings.Hold(key, granted.Epoch, granted.Connections, sent.Plus(granted.TimeToLive)) > granted.Epoch)
                {
                    return null;
                }

                _numbers[(node, site)] = (number, number, granted.Epoch);
                _leases[(node, site)] = (granted.Connections, sent.Plus(granted.TimeToLive));
                break;
            case SiteProtocol.Held { Reason: SiteProtocol.HeldReason.Taken } held:
                node.Holdings.Hold(key, held.Epoch, 0, sent);
                _numbers[(node, site)] = (number, number, held.Epoch);
                _leases.Remove((node, site));
                break;
        }

        Assert.True(Leased(site) <= 10, $"{Leased(site)} leased for {site}");
        return answer;
    }

    private int Leased(string site) => _leases
        .Where(lease => lease.Key.Item2 == site && !lease.Value.Until.HasCome(Moment.Of(lease.Key.Item1.System.Scheduler)))
        .Sum(lease => lease.Value.Connections);

    private async Task<object> ReceiveAsync(ClusterNode node, Predicate<object> wanted, TimeSpan? bound = null)
    {
        while (true)
        {
            var message = await _answers[node].ReceiveAsync(bound ?? Bound);
            if (wanted(message))
            {
                return message;
            }
        }
    }
}
