using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCluster.Actors.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Tests.Sessions;

/// <summary>A Kestrel with a gate, on loopback, and clients that talk to it through real sockets from whatever address of loopback.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private ProxyServer(WebApplication server) => _server = server;

    /// <summary>What the gate has logged, Debug left out.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    private int Port => new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>Starts it; 127.0.0.1 and 127.0.0.2 are load balancers.</summary>
    /// <param name="reception">What is behind it.</param>
    /// <param name="certificate">With it, TLS begins right behind the header.</param>
    public static async Task<ProxyServer> StartAsync(ReceptionFixture reception, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        ProxyServer? server = null;
        var gate = new ProxyGate([IPNetwork.Parse("127.0.0.1/32"), IPNetwork.Parse("127.0.0.2/32")], reception.Time, new Lines(line => server!.Log.Enqueue(line)));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.None;
            listen.Use(next => gate.Before(next, reception.Behind.Options));
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
            listen.Run(new SmtpConnectionHandler(reception.Behind).OnConnectedAsync);
        }));
        server = new(builder.Build());
        await server._server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Stops as at SIGTERM.</summary>
    public Task StopAsync() => _server.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>Connects.</summary>
    public async Task<TcpClient> ConnectAsync(string from = "127.0.0.1")
    {
        var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0)) { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Connects, sends it all at once, and reads to the end. Who is dropped may learn it at any of these.</summary>
    public async Task<string> AnswerAsync(byte[] octets, string from = "127.0.0.1")
    {
        try
        {
            using var client = await ConnectAsync(from);
            await client.GetStream().WriteAsync(octets, TestContext.Current.CancellationToken);
            return await ReadAsync(client);
        }
        catch (Exception e) when (e is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return "";
        }
    }

    /// <summary>All that the server says; a reset is an end too.</summary>
    public static async Task<string> ReadAsync(TcpClient client)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            while (await client.GetStream().ReadAsync(buffer, patience.Token) is > 0 and var count)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // Reset.
        }
        return all.ToString();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private sealed class Lines(Action<string> line) : ILogger<ProxyGate>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => line(formatter(state, exception));
    }
}
