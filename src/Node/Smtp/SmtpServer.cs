using MailCluster.Actors.Sessions;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace MailCluster.Node.Smtp;

/// <summary>The SMTP listeners: a Kestrel of their own, so that they open after everything behind them is there, and close before it goes.</summary>
internal sealed class SmtpServer : IDisposable
{
    /// <summary>Connections over <c>limits.connections</c> that are still told so with 421; past them the kernel's backlog waits.</summary>
    private const int ToldOff = 1000;

    private readonly KestrelServer _server;

    /// <summary>Prepares the listeners; nobody can connect yet.</summary>
    public SmtpServer(NodeOptions options, BoundPorts ports, Func<ListenerOptions, ConnectionDelegate> session, IServiceProvider services, ILoggerFactory loggers)
    {
        var kestrel = new KestrelServerOptions { ApplicationServices = services };
        kestrel.Limits.MaxConcurrentConnections = options.Limits.Connections + ToldOff;
        var gate = new ProxyGate(options.ProxyPeers, services.GetRequiredService<TimeProvider>(), loggers.CreateLogger<ProxyGate>());
        foreach (var listener in options.Listeners)
        {
            kestrel.Listen(listener.Bind, endPoint =>
            {
                endPoint.Protocols = HttpProtocols.None;

                // What stands first is first on the connection: PROXY, then TLS (where tls = implicit will be), then SMTP.
                if (listener.ProxyProtocol is ProxyProtocol.Required) ((IConnectionBuilder)endPoint).Use(next => gate.Before(next, listener));
                ((IConnectionBuilder)endPoint).Use(_ => session(listener));
            });
        }

        var sockets = new SocketTransportOptions { Backlog = Backlog, CreateBoundListenSocket = ports.Take };
        _server = new(Options.Create(kestrel), new SocketTransportFactory(Options.Create(sockets), loggers), loggers);
    }

    /// <summary>Connections that the kernel holds until they are accepted. The kernel cuts it to net.core.somaxconn, 4096 by default.</summary>
    public const int Backlog = 4096;

    /// <summary>Opens the listeners.</summary>
    public Task StartAsync(CancellationToken cancellation) => _server.StartAsync(new NoHttp(), cancellation);

    /// <summary>Closes the listeners, asks every session to end where it can (421 4.3.2 between transactions), and returns when all have; those left at the end of <paramref name="limit"/> are cut off.</summary>
    public Task StopAsync(CancellationToken limit) => _server.StopAsync(limit);

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    /// <summary>Kestrel asks for an application; its endpoints here speak no HTTP, so that it is never called.</summary>
    private sealed class NoHttp : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public void DisposeContext(object context, Exception? exception)
        {
        }

        public Task ProcessRequestAsync(object context) => Task.CompletedTask;
    }
}
