using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors;

/// <summary>The sharded actors, and what each node needs beside them. Found through <c>IRequiredActor</c> of <see cref="DeliveryRegion"/> and <see cref="SiteRegion"/>.</summary>
public static class Shards
{
    /// <summary>Shards of a region: fixed for all time, since every node of every release must send a key to the same one.</summary>
    public const int Count = 1000;

    /// <summary>As below, with what the sharded actors of one node share made from <paramref name="parts"/>.</summary>
    public static AkkaConfigurationBuilder WithMailClusterShards(this AkkaConfigurationBuilder builder, RelayParts parts) => builder.WithMailClusterShards(
        new DeliveryNode(new MailExchangerResolver(parts.Dns, parts.Routes, parts.Delivery, Ourselves.Of(parts.Hostname, parts.Listening), parts.Time), parts.Retry, parts.Limits.QueuePerDomain, parts.Closed, parts.Facts),
        new SiteNode(parts.Membership, parts.Holdings, new(), parts.Sites, parts.Facts))
        .WithMailClusterRules(Path.Combine(parts.DataDirectory, "rules"), parts.Suspended)
        .WithActors((system, _) => system.ActorOf(FactsActor.Props(Path.Combine(parts.DataDirectory, "facts"), parts.Facts, system.Scheduler.Now), FactsActor.Name));

    /// <summary>Starts the keeper of the administrative rules, which are read from the file at once.</summary>
    public static AkkaConfigurationBuilder WithMailClusterRules(this AkkaConfigurationBuilder builder, string file, SuspendedDomains suspended) => builder
        .WithActors((system, registry) => registry.Register<AdministrativeRules>(system.ActorOf(RulesActor.Props(file, suspended, system.Scheduler.Now), RulesActor.Name)));

    /// <summary>Starts both regions, the fence, the answerer for what is held and the hearer of what is closed, and binds the wire messages to their serializer.</summary>
    public static AkkaConfigurationBuilder WithMailClusterShards(this AkkaConfigurationBuilder builder, DeliveryNode delivery, SiteNode sites) => builder
        .WithCustomSerializer("mailcluster", [typeof(IWireMessage)], system => new MailClusterSerializer(system))
        .WithActors((system, registry) =>
        {
            registry.Register<FenceActor>(system.ActorOf(Props.Create(() => new FenceActor(sites.Membership)), FenceActor.Name));
            registry.Register<ClosedDomainsActor>(system.ActorOf(Props.Create(() => new ClosedDomainsActor(delivery.Closed)), ClosedDomainsActor.Name));
            registry.Register<HoldingsActor>(system.ActorOf(Props.Create(() => new HoldingsActor(sites.Holdings, sites.Membership, sites.Facts)), HoldingsActor.Name));
        })
        .WithShardRegion<DeliveryRegion>("delivery", domain => ActorMaker<DeliveryActor>.Props(() => new DeliveryActor(new DomainName(domain), delivery)), new DeliveryExtractor(), Options())
        .WithShardRegion<SiteRegion>("sites", site => ActorMaker<SiteActor>.Props(() => new SiteActor(SiteExtractor.Key(site), sites)), new SiteExtractor(), Options());

    /// <summary>Nothing is remembered, nothing is durable: nodes that have mail make the actors anew. The actors alone decide when they stop.</summary>
    private static ShardOptions Options() => new()
    {
        StateStoreMode = StateStoreMode.DData,
        RememberEntities = false,
        ShouldPassivateIdleEntities = false,
    };

    private sealed class DeliveryExtractor() : HashCodeMessageExtractor(Count)
    {
        public override string EntityId(object message) => (message as DeliveryProtocol.IDeliveryMessage)?.Domain.Value!;
    }

    internal sealed class SiteExtractor() : HashCodeMessageExtractor(Count)
    {
        public static SiteKey Key(string entity)
        {
            var end = entity.IndexOf('>', StringComparison.Ordinal);
            return new SiteKey(entity[(end + 1)..], entity[..end]);
        }

        public override string EntityId(object message) => (message as SiteProtocol.ISiteMessage)?.Site.ToString()!;
    }
}
