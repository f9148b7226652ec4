using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using MailCluster.Actors;
using MailCluster.Actors.Events;
using MailCluster.Node.Configuration;
using MailCluster.Node.Logging;

namespace MailCluster.Node.Hosting;

/// <summary>Where the actors, the spool and the event log meet the host.</summary>
internal static class NodeWiring
{
    /// <summary>The actor system's name; part of every address in a cluster, so that it stays.</summary>
    public const string SystemName = "mailcluster";

    /// <summary>Registers the actor system and what runs in it.</summary>
    public static void Add(IServiceCollection services, NodeOptions options, Config akka)
    {
        services.AddAkka(SystemName, (builder, provider) => builder
            .AddSetup(new AkkaLog.LoggerSetup(provider.GetRequiredService<ILoggerFactory>()))
            .AddHocon(akka, HoconAddMode.Prepend)
            .WithMailClusterShards(provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => new EventLog(Path.Combine(options.DataDirectory, "events"), options.Hostname, options.Events, provider.GetRequiredService<ILogger<EventLog>>()));
        services.AddSingleton(provider => new NodeWork(options, provider.GetRequiredService<EventLog>(), provider.GetRequiredService<ActorSystem>, provider.GetRequiredService<RelayParts>()));
        services.AddSingleton(provider => Parts(provider, options));
    }

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
