using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Hosting;
using MailCluster.Actors;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCluster.Cluster.Tests;

/// <summary>A node in this process, with the real regions and every message through its serializer.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private const string Settings = """
        akka {
          loglevel = WARNING
          cluster {
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            split-brain-resolver { active-strategy = keep-majority, stable-after = 5s }
            down-removal-margin = 1s
            seed-node-timeout = 2s
            gossip-interval = 200ms
            leader-actions-interval = 200ms
            sharding {
              retry-interval = 200ms
              distributed-data.majority-min-cap = 1
              distributed-data.gossip-interval = 200ms
              distributed-data.notify-subscribers-interval = 100ms
            }
          }
        }
        """;

    private readonly IHost _host;

    private ClusterNode(IHost host, LeaseHoldings holdings, FactStore facts)
    {
        _host = host;
        Holdings = holdings;
        Facts = facts;
        System = host.Services.GetRequiredService<ActorSystem>();
        Id = NodeId.Of(Akka.Cluster.Cluster.Get(System).SelfUniqueAddress);
        Delivery = ActorRegistry.For(System).Get<DeliveryRegion>();
        Sites = ActorRegistry.For(System).Get<SiteRegion>();
    }

    public ActorSystem System { get; }

    public NodeId Id { get; }

    public LeaseHoldings Holdings { get; }

    public FactStore Facts { get; }

    public IActorRef Delivery { get; }

    public IActorRef Sites { get; }

    public Akka.Cluster.Cluster Membership => Akka.Cluster.Cluster.Get(System);

    /// <summary>Starts a node that forms a cluster of its own, or joins another's.</summary>
    /// <param name="joins">The one to join; null to form a cluster.</param>
    /// <param name="queuePerDomain">Recipients that may wait for a domain.</param>
    /// <param name="routes">By default all mail goes to a loopback port.</param>
    /// <param name="serializeAll">True sends messages within the node through their serializers too. Not for several nodes: Akka's own replication does not stand it, and between nodes all is
    /// serialized anyway.</param>
    public static async Task<ClusterNode> StartAsync(ClusterNode? joins = null, long queuePerDomain = 1000, ImmutableArray<RouteOptions> routes = default, bool serializeAll = false)
    {
        var holdings = new LeaseHoldings();
        var facts = new FactStore();
        var resolver = new MailExchangerResolver(
            new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, 1)], Timeout = TimeSpan.FromMilliseconds(100), Retries = 0 },
            routes.IsDefault ? [new RouteOptions(null, "127.0.0.1", 2526)] : routes,
            new DeliveryOptions(),
            new Ourselves("node.example", []));
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAkka("mailcluster", akka => akka
            .AddHocon(ConfigurationFactory.ParseString($"akka.actor.serialize-messages = {(serializeAll ? "on" : "off")}"), HoconAddMode.Prepend)
            .AddHocon(ConfigurationFactory.ParseString(Settings), HoconAddMode.Prepend)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions())
            .WithMailClusterShards(new DeliveryNode(resolver, new RetryOptions(), queuePerDomain, new ClosedDomains(), facts), new SiteNode(new Membership(), holdings, new ShardTenure(), new SiteOptions(), facts)));
        var host = builder.Build();
        await host.StartAsync();
        var node = new ClusterNode(host, holdings, facts);
        await node.Membership.JoinAsync((joins ?? node).Membership.SelfAddress).WaitAsync(TimeSpan.FromSeconds(30));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
