using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;
using MailCluster.Actors;
using MailCluster.Actors.Events;
using MailCluster.Actors.Handover;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Kubernetes;
using MailCluster.Node.Http;
using MailCluster.Node.Logging;

namespace MailCluster.Node.Hosting;

/// <summary>Where the actors, the spool and the event log meet the host.</summary>
internal static partial class NodeWiring
{
    /// <summary>The actor system's name; part of every address in a cluster, so that it stays.</summary>
    public const string SystemName = "mailcluster";

    /// <summary>Registers the actor system and what runs in it.</summary>
    public static void Add(IServiceCollection services, NodeOptions options, Config akka, PeerCertificates? certificates)
    {
        services.AddSingleton<Complaints>();
        services.AddSingleton(provider => new Formation(options, certificates, provider.GetRequiredService<NodeReadiness>(), provider.GetRequiredService<BoundPorts>(),
            provider.GetRequiredService<ActorSystem>, provider.GetRequiredService<Complaints>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => provider.GetRequiredService<RelayParts>().Membership).AddSingleton<MembershipLog>().AddSingleton<ClusterWatch>();
        services.AddAkka(SystemName, (builder, provider) => WithTls(builder, certificates)
            .AddSetup(new AkkaLog.LoggerSetup(provider.GetRequiredService<ILoggerFactory>()))
            .AddHocon(akka, HoconAddMode.Prepend)
            .WithMailClusterShards(provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => new EventLog(Path.Combine(options.DataDirectory, "events"), options.Hostname, options.Events, provider.GetRequiredService<ILogger<EventLog>>()));
        services.AddSingleton(provider => new NodeWork(options, provider.GetRequiredService<EventLog>(), provider.GetRequiredService<ActorSystem>, provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => new FinalLeave(options, provider.GetService<HandoverQuestion>(), provider.GetRequiredService<ILogger<FinalLeave>>()));
        services.AddSingleton(provider => Parts(provider, options, certificates));
        KubernetesWiring.Add(services, options.Cluster.Service, Environment.MachineName, ServiceAccount.OfThisPod());
    }

    /// <summary>Mutual TLS between the actor systems, by the same rule as at the bootstrap endpoint.</summary>
    private static AkkaConfigurationBuilder WithTls(AkkaConfigurationBuilder builder, PeerCertificates? certificates) => certificates is null ? builder : builder
        .AddSetup(new DotNettySslSetup(certificates.Own, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false,
            customValidator: (peer, chain, _, _, _) => certificates.Refusal(peer, chain?.ChainPolicy.ExtraStore) is null));

    private static RelayParts Parts(IServiceProvider provider, NodeOptions options, PeerCertificates? certificates) => new()
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
        Handover = options.Cluster.IsAlone ? null : Handover(provider.GetRequiredService<BoundPorts>(), options.Cluster, certificates, provider.GetRequiredService<ILogger<FinalLeave>>()),
        Events = provider.GetRequiredService<EventLog>(),
        Loggers = provider.GetRequiredService<ILoggerFactory>(),
        Time = TimeProvider.System,
    };

    /// <summary>The internal listener: on its port and by its address, or as the cluster's address says; by the certificates of the cluster.</summary>
    private static HandoverSettings Handover(BoundPorts ports, ClusterOptions cluster, PeerCertificates? certificates, ILogger logger)
    {
        var colon = cluster.HandoverAddress?.LastIndexOf(':') ?? -1;
        var (host, port) = cluster.HandoverAddress is { } address ? (address[..colon].Trim('[', ']'), int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture)) : (cluster.Host, 0);
        return new(() => ports.Take(cluster.Handover), host, port, certificates is null ? null : new(
            () => certificates.AsServer(reason => RefusedPeer(logger, "who connected to cluster.handover", reason)),
            peer => certificates.AsClient(peer, reason => RefusedPeer(logger, peer, reason))));
    }

    [LoggerMessage(31, LogLevel.Warning, "handover: the certificate of {Peer} is refused: {Reason}")]
    private static partial void RefusedPeer(ILogger logger, string peer, string reason);
}
