using Akka.Actor;
using Akka.Hosting;
using MailCluster.Actors.Sites;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Http;
using MailCluster.Node.Logging;
using MailCluster.Node.Smtp;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace MailCluster.Node.Hosting;

/// <summary>Puts the node together: HTTP first, then the actor system, then the node's life. The host stops them the other way round.</summary>
internal static class RelayHost
{
    private const string AdminMark = "admin";

    /// <summary>Builds the host; nothing runs yet.</summary>
    public static IHost Build(ConfigurationResult configuration, BoundPorts ports, PeerCertificates? certificates)
    {
        var options = configuration.Options!;
        var readiness = new NodeReadiness(new(TimeProvider.System));
        return new HostBuilder()
            .ConfigureLogging(logging =>
            {
                // Kestrel and the host tell of every connection reset and every start in their own words; ours are enough.
                logging.SetMinimumLevel(options.Log.Level).AddFilter("Microsoft", LogLevel.Warning)
                    .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None).AddFilter("Akka", AkkaDefaults.LogLevelOf(configuration.Akka));
                // Made by the host, so that the host disposes of it and the last lines are written.
                logging.Services.AddSingleton<ILoggerProvider>(_ => new ConsoleLogProvider(new ConsoleLog(Console.OpenStandardOutput(), TimeProvider.System, UsesColour())));
            })
            .ConfigureWebHost(
                web => web
                    .UseKestrelCore()
                    .ConfigureKestrel(kestrel => ListenHttp(kestrel, options))
                    .ConfigureServices(services => services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = ports.Take))
                    .Configure(app =>
                    {
                        var endpoints = app.ApplicationServices.GetRequiredService<HttpEndpoints>();
                        app.Run(context => endpoints.AnswerAsync(context, context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(AdminMark) ?? false));
                    }),
                web => web.SuppressEnvironmentConfiguration = true)
            .ConfigureServices(services =>
            {
                services.AddSingleton(options).AddSingleton(readiness).AddSingleton(ports).AddSingleton(TimeProvider.System);
                services.AddSingleton<HttpEndpoints>()
                    .AddSingleton<IHttpEndpoint, HealthEndpoint>()
                    .AddSingleton<IHttpEndpoint, ReadinessEndpoint>()
                    .AddSingleton<IHttpEndpoint, SuspensionsEndpoint>()
                    .AddSingleton<IHttpEndpoint>(provider => new ClusterEndpoint(provider.GetRequiredService<Formation>(), provider.GetRequiredService<Membership>, readiness))
                    .AddSingleton<IHttpEndpoint, HandoverEndpoint>()
                    .AddSingleton<IHttpEndpoint>(new ConfigurationEndpoint(configuration.Effective));

                // In this order they start: the spool is opened before there is an actor system.
                services.AddSingleton<NodeLifecycle>().AddHostedService(provider => provider.GetRequiredService<NodeLifecycle>());
                NodeWiring.Add(services, options, AkkaDefaults.For(options, configuration.Akka), certificates);
                services.AddSingleton(provider => new SmtpServer(options, ports, provider.GetRequiredService<NodeWork>().Session, provider, provider.GetRequiredService<ILoggerFactory>()));
                services.AddSingleton<Func<ActorSystem>>(provider => provider.GetRequiredService<ActorSystem>);
                services.AddSingleton<IHostLifetime, SignalLifetime>();
                services.AddOptions<HostOptions>().Configure<NodeLifecycle>((host, node) => host.ShutdownTimeout = node.ShutdownLimit);
            })
            .Build();
    }

    private static void ListenHttp(KestrelServerOptions kestrel, NodeOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 200;
        kestrel.Limits.MaxRequestBodySize = 64 << 10;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Listen(options.Http.Bind, endPoint => endPoint.Protocols = HttpProtocols.Http1);
        kestrel.Listen(options.Admin.Bind, endPoint =>
        {
            endPoint.Protocols = HttpProtocols.Http1;
            endPoint.Use(next => connection =>
            {
                connection.Items[AdminMark] = true;
                return next(connection);
            });
        });
    }

    private static bool UsesColour() => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
