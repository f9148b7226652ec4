using Akka.Configuration;
using Akka.Hosting;
using MailCluster.Actors.Sessions;
using MailCluster.Node.Configuration;
using MailCluster.Node.Logging;
using Microsoft.AspNetCore.Connections;

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
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLogger<AkkaLog>();
            }));
        services.AddSingleton(new NodeWork
        {
            OpenSpool = () => Spool.Spool.Open(options.Spool),
            StartAsync = _ => Task.CompletedTask,
            EndDeliveriesAsync = _ => Task.CompletedTask,
            ReturnLeasesAsync = _ => Task.CompletedTask,
            CloseEventLogAsync = () => Task.CompletedTask,
        });
    }

    /// <summary>Serves the connections of one listener.</summary>
    public static ConnectionDelegate Session(IServiceProvider services, ListenerOptions listener) => _ => Task.CompletedTask;
}
