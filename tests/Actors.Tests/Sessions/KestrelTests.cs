using System.Net;
using System.Net.Sockets;
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

public class KestrelTests
{
    [Fact]
    public async Task A_message_comes_over_a_socket_and_QUIT_closes_in_order()
    {
        await using var reception = new ReceptionFixture();
        await using var server = await StartAsync(reception);
        using var client = await ConnectAsync(server);
        var octets = "EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"u8.ToArray();
        await client.GetStream().WriteAsync(octets, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string('x', 900) + "\r\n.\r\nQUIT\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var all = await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.EndsWith("221 2.0.0 Bye\r\n", all, StringComparison.Ordinal);
        Assert.Equal(902, Assert.Single(await reception.KeptAsync()).Text.Length);
    }

    [Fact]
    public async Task Many_connections_at_once_are_all_served_and_all_forgotten()
    {
        await using var reception = new ReceptionFixture();
        await using var server = await StartAsync(reception);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            using var client = await ConnectAsync(server);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HELO c{i}\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n{i}\r\n.\r\nQUIT\r\n"));
            using var reader = new StreamReader(client.GetStream());
            Assert.EndsWith("221 2.0.0 Bye\r\n", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        })).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(100, (await reception.KeptAsync()).Count);
        await reception.Reception.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(0, reception.Reception.Count);
    }

    [Fact]
    public async Task A_drain_reaches_clients_that_wait()
    {
        await using var reception = new ReceptionFixture();
        await using var server = await StartAsync(reception);
        using var client = await ConnectAsync(server);
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("220 ", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await reception.Reception.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.StartsWith("421 4.3.2 ", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Null(await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_never_reads_is_cut_off_though_its_replies_cannot_be_sent(bool hangsUp)
    {
        await using var reception = new ReceptionFixture(new() { IdleTimeout = TimeSpan.FromMinutes(1) });
        await using var server = await StartAsync(reception);
        using var client = await ConnectAsync(server);
        client.ReceiveBufferSize = 4096;
        var helps = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("HELP\r\n", 10_000)));
        var flood = FloodAsync();
        for (var minutes = 0; minutes < 200 && !flood.IsCompleted; minutes++)
        {
            await Task.WhenAny(flood, Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken));
            reception.Time.Move(TimeSpan.FromMinutes(1));
        }
        Assert.True(flood.IsCompleted);
        if (!hangsUp)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => flood);
        }
        for (var minutes = 0; minutes < 200 && reception.Reception.Connections.Count > 0; minutes++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
            reception.Time.Move(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(0, reception.Reception.Connections.Count);

        async Task FloodAsync()
        {
            for (var n = 0; !hangsUp || n < 40; n++)
            {
                await client.GetStream().WriteAsync(helps, TestContext.Current.CancellationToken);
            }
            client.Client.Shutdown(SocketShutdown.Send);
        }
    }

    private static async Task<WebApplication> StartAsync(ReceptionFixture reception)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.None;
            listen.Run(new SmtpConnectionHandler(reception.Listener).OnConnectedAsync);
        }));
        var server = builder.Build();
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static async Task<TcpClient> ConnectAsync(WebApplication server)
    {
        var address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, TestContext.Current.CancellationToken);
        return client;
    }
}
