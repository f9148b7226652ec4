using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;
using MailCluster.Actors;
using MailCluster.Actors.Events;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Kubernetes;
using MailCluster.Node.Http;
using MailCluster.Node.Logging;

namespace MailCluster.Node.Hosting;

/// <summary>Where the actors, the spool and the event log meet the host.</summary>
internal static class NodeWiring
{
    /// <summary>The actor system's name; part of every address in a cluster, so that it stays.</summary>
    public const string SystemName = "mailcluster";

    /// <summary>Registers the actor system and what runs in it.</summary>
    public static void Add(IServiceCollection services, NodeOptions options, Config akka, PeerCertificates? certificates)
    {
        services.AddSingleton<Complaints>();
        services.AddSingleton(provider => new Formation(options, certificates, provider.GetRequiredService<NodeReadiness>(), provider.GetRequiredService<BoundPorts>(),
            provider.GetRequiredService<ActorSystem>, provider.GetRequiredService<Complaints>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => provider.GetRequiredService<RelayParts>().Membership).AddSingleton<ClusterWatch>();
        services.AddAkka(SystemName, (builder, provider) => WithTls(builder, certificates)
            .AddSetup(new AkkaLog.LoggerSetup(provider.GetRequiredService<ILoggerFactory>()))
            .AddHocon(akka, HoconAddMode.Prepend)
            .WithMailClusterShards(provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => new EventLog(Path.Combine(options.DataDirectory, "events"), options.Hostname, options.Events, provider.GetRequiredService<ILogger<EventLog>>()));
        services.AddSingleton(provider => new NodeWork(options, provider.GetRequiredService<EventLog>(), provider.GetRequiredService<ActorSystem>, provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => Parts(provider, options));
        KubernetesWiring.Add(services, options.Cluster.Service, Environment.MachineName, ServiceAccount.OfThisPod());
    }

    /// <summary>Mutual TLS between the actor systems, by the same rule as at the bootstrap endpoint.</summary>
    private static AkkaConfigurationBuilder WithTls(AkkaConfigurationBuilder builder, PeerCertificates? certificates) => certificates is null ? builder : builder
        .AddSetup(new DotNettySslSetup(certificates.Own, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false,
            customValidator: (peer, chain, _, _, _) => certificates.Refusal(peer, chain?.ChainPolicy.ExtraStore) is null));

    private static RelayParts Parts(IServiceProvider provider, NodeOptions options) => new()
    {
        Hostname = options.Hostname,
        DataDirectory = options.DataDirectory,
        Listening = [.. options.Listeners.Select(listener => listener.Bind)],
        Limits = options.Limits,
        Relay = options.Relay,
        Dns = options.Dns,
        Routes = options.Routes,
        Delivery = options.Delivery,
        Retry = options.Retry,
        Sites = options.Sites,
        Events = provider.GetRequiredService<EventLog>(),
        Loggers = provider.GetRequiredService<ILoggerFactory>(),
        Time = TimeProvider.System,
    };
}
