using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCluster.Actors.Sessions;

namespace MailCluster.Actors.Tests.Sessions;

public class ProxyGateTests
{
    private const string V1 = "PROXY TCP4 203.0.113.7 198.51.100.1 56324 25\r\n";
    private const string Mail = "EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";

    private static readonly RelayOptions s_relay = new() { Networks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("2001:db8::/32")] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[], string, string> Headers => new()
    {
        { "version 1, IPv4", Octets(V1), "203.0.113.7", "203.0.113.7:56324" },
        { "version 1, IPv6", Octets("PROXY TCP6 2001:db8::7 2001:db8::1 56324 25\r\n"), "IPv6:2001:db8::7", "[2001:db8::7]:56324" },
        { "version 1, IPv4 in IPv6 clothes", Octets("PROXY TCP6 ::ffff:203.0.113.7 ::ffff:198.51.100.1 56324 25\r\n"), "203.0.113.7", "203.0.113.7:56324" },
        { "version 2, IPv4", V2(0x21, 0x11, [203, 0, 113, 7, 198, 51, 100, 1, 0xDC, 0x04, 0, 25]), "203.0.113.7", "203.0.113.7:56324" },
        { "version 2, IPv6", V2(0x21, 0x21, [.. IPAddress.Parse("2001:db8::7").GetAddressBytes(), .. IPAddress.Parse("2001:db8::1").GetAddressBytes(), 0xDC, 0x04, 0, 25]), "IPv6:2001:db8::7", "[2001:db8::7]:56324" },
        { "version 2 with vectors", V2(0x21, 0x11, [203, 0, 113, 7, 198, 51, 100, 1, 0xDC, 0x04, 0, 25, 1, 0, 2, 7, 7, 0x20, 0x10, 0, .. new byte[4096]]), "203.0.113.7", "203.0.113.7:56324" },
    };

    [Theory, MemberData(nameof(Headers))]
    public async Task The_client_is_whom_the_header_names_in_policy_Received_and_events_and_may_send_in_the_same_segment(string what, byte[] header, string received, string peer)
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        await using var server = await ProxyServer.StartAsync(reception);
        var answer = await server.AnswerAsync([.. header, .. Octets(Mail)]);
        Assert.True(answer.StartsWith("220 ", StringComparison.Ordinal) && answer.EndsWith("221 2.0.0 Bye\r\n", StringComparison.Ordinal), $"{what}: {answer}");
        var kept = Assert.Single(await reception.KeptAsync());
        Assert.StartsWith($"Received: from c ([{received}])", kept.Received, StringComparison.Ordinal);
        Assert.Equal(peer, kept.Envelope.Origin.PeerAddress);
        Assert.Equal(peer, Assert.Single(await reception.EventsAsync()).GetProperty("peer_address").GetString());
        Assert.Empty(server.Log);
    }

    [Theory, MemberData(nameof(Headers))]
    public async Task A_header_may_come_octet_by_octet(string what, byte[] header, string received, string peer)
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        await using var server = await ProxyServer.StartAsync(reception);
        using var client = await server.ConnectAsync();
        foreach (var octet in header.Length > 1000 ? header[..100] : header)
        {
            await client.GetStream().WriteAsync(new[] { octet }, Cancellation);
        }
        await client.GetStream().WriteAsync((byte[])[.. header.Length > 1000 ? header[100..] : [], .. Octets(Mail)], Cancellation);
        Assert.EndsWith("221 2.0.0 Bye\r\n", await ProxyServer.ReadAsync(client), StringComparison.Ordinal);
        Assert.Contains(received, Assert.Single(await reception.KeptAsync()).Received, StringComparison.Ordinal);
        Assert.NotEmpty(what + peer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PROXY TCP4 203.0.113.7 198.51")]
    public async Task Who_sends_no_whole_header_in_five_seconds_is_dropped_without_a_word(string beginning)
    {
        await using var reception = new ReceptionFixture();
        await using var server = await ProxyServer.StartAsync(reception);
        using var client = await server.ConnectAsync();
        await client.GetStream().WriteAsync(Octets(beginning), Cancellation);
        var answer = ProxyServer.ReadAsync(client);
        // The gate may not have begun to wait at the first move.
        while (!answer.IsCompleted)
        {
            reception.Time.Move(TimeSpan.FromSeconds(1));
            await Task.WhenAny(answer, Task.Delay(20, Cancellation));
        }
        Assert.Equal("", await answer);
        Assert.Contains("load balancer 127.0.0.1: no PROXY header within 5 s; listener=behind", Assert.Single(server.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Four_seconds_are_in_time()
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        await using var server = await ProxyServer.StartAsync(reception);
        using var client = await server.ConnectAsync();
        await client.GetStream().WriteAsync(Octets("PROXY TCP4 203.0.113.7 198.51"), Cancellation);
        reception.Time.Move(TimeSpan.FromSeconds(4));
        await client.GetStream().WriteAsync(Octets(".100.1 56324 25\r\nQUIT\r\n"), Cancellation);
        Assert.Contains("221 ", await ProxyServer.ReadAsync(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EHLO client.example\r\n", "it sends no PROXY header")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03", "it sends no PROXY header")]
    [InlineData("PROXY TCP4 203.0.113.7 198.51.100.1 056324 25\r\n", "its PROXY header is not as version 1 has it")]
    [InlineData("PROXY UNKNOWN                                                                                                ", "its PROXY header is too long")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x01", "its PROXY header is not as version 2 has it (TooShort)")]
    public async Task What_is_no_header_is_no_session(string octets, string reason)
    {
        await using var reception = new ReceptionFixture();
        await using var server = await ProxyServer.StartAsync(reception);
        Assert.Equal("", await server.AnswerAsync([.. octets.Select(c => (byte)c)]));
        Assert.Contains($"load balancer 127.0.0.1: {reason}; listener=behind", Assert.Single(server.Log), StringComparison.Ordinal);
        Assert.Empty(await reception.EventsAsync());
    }

    [Fact]
    public async Task A_peer_that_is_not_listed_is_dropped_whatever_it_sends_and_has_a_line_of_its_own()
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        await using var server = await ProxyServer.StartAsync(reception);
        for (var n = 0; n < 3; n++)
        {
            Assert.Equal("", await server.AnswerAsync(Octets(V1 + Mail), "127.0.0.3"));
        }
        Assert.Equal("", await server.AnswerAsync(Octets(V1 + Mail), "127.0.0.4"));
        Assert.Equal(["connection refused: 127.0.0.3 is not in proxy-peers; listener=behind lines-left-out=0", "connection refused: 127.0.0.4 is not in proxy-peers; listener=behind lines-left-out=0"], server.Log);
        reception.Time.Move(TimeSpan.FromMinutes(10));
        Assert.Equal("", await server.AnswerAsync(Octets(V1 + Mail), "127.0.0.3"));
        Assert.Equal("connection refused: 127.0.0.3 is not in proxy-peers; listener=behind lines-left-out=2", server.Log.Last());
        Assert.EndsWith("221 2.0.0 Bye\r\n", await server.AnswerAsync(Octets(V1 + Mail), "127.0.0.2"), StringComparison.Ordinal);
        Assert.Single(await reception.KeptAsync());
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("PROXY UNKNOWN 203.0.113.7 203.0.113.7 1 2\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x0C\xCB\0\x71\x07\xCB\0\x71\x07\0\0\0\0")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x00\0\0")]
    public async Task A_health_check_is_answered_and_no_more_though_its_address_is_a_relay_network(string header)
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        await using var server = await ProxyServer.StartAsync(reception);
        var answer = await server.AnswerAsync([.. header.Select(c => (byte)c), .. Octets("EHLO lb\r\nNOOP\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRSET\r\nDATA\r\nQUIT\r\n")]);
        Assert.Equal("220 250 250 550 503 503 503 221", string.Join(' ', answer.Split("\r\n").Where(line => line.Length > 3 && line[3] == ' ').Select(line => line[..3])));
        Assert.Empty(await reception.KeptAsync());
        Assert.Empty(await reception.EventsAsync());
        Assert.Empty(server.Log);
    }

    [Fact]
    public async Task Health_checks_count_for_no_limit_and_clients_for_their_own()
    {
        await using var reception = new ReceptionFixture(new() { Connections = 3, ConnectionsPerClient = 1 });
        await using var server = await ProxyServer.StartAsync(reception);
        List<System.Net.Sockets.TcpClient> open = [];
        Assert.Equal("220", await GreetingAsync("PROXY UNKNOWN\r\n"));
        Assert.Equal("220", await GreetingAsync("PROXY UNKNOWN\r\n"));
        Assert.Equal("220", await GreetingAsync(V1));
        Assert.Equal("421", await GreetingAsync(V1));
        Assert.Equal("421", await GreetingAsync(V1.Replace("TCP4 203.0.113.7 198.51.100.1", "TCP6 ::ffff:203.0.113.7 ::1", StringComparison.Ordinal)));
        Assert.Equal("220", await GreetingAsync(V1.Replace("203.0.113.7", "203.0.113.8", StringComparison.Ordinal)));
        // The load balancer's own address is a client like others where a header names it.
        Assert.Equal("220", await GreetingAsync(V1.Replace("203.0.113.7", "127.0.0.1", StringComparison.Ordinal)));
        Assert.Equal("421", await GreetingAsync(V1.Replace("203.0.113.7", "203.0.113.9", StringComparison.Ordinal)));
        Assert.Equal("220", await GreetingAsync("PROXY UNKNOWN\r\n"));
        Assert.Equal(3, reception.Reception.Count);
        open.ForEach(client => client.Dispose());
        await reception.Reception.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(0, reception.Reception.Count);

        async Task<string> GreetingAsync(string header)
        {
            var client = await server.ConnectAsync();
            open.Add(client);
            await client.GetStream().WriteAsync(Octets(header), Cancellation);
            var buffer = new byte[3];
            await client.GetStream().ReadExactlyAsync(buffer, Cancellation);
            return Encoding.ASCII.GetString(buffer);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(V1)]
    [InlineData(V1 + "EHLO c\r\nMAIL FR")]
    [InlineData("PROXY UNKNOWN\r\n")]
    public async Task Who_hangs_up_at_once_is_forgotten_and_no_news(string octets)
    {
        await using var reception = new ReceptionFixture();
        await using var server = await ProxyServer.StartAsync(reception);
        for (var n = 0; n < 20; n++)
        {
            using var client = await server.ConnectAsync();
            await client.GetStream().WriteAsync(Octets(octets), Cancellation);
            if (n % 2 == 0)
            {
                client.LingerState = new(true, 0);
            }
        }
        await server.StopAsync();
        Assert.Equal((0, 0), (reception.Reception.Count, reception.Reception.Connections.Count));
        Assert.Empty(server.Log);
        Assert.Empty(await reception.EventsAsync());
    }

    [Fact]
    public async Task At_the_end_nobody_waits_for_a_header()
    {
        await using var reception = new ReceptionFixture();
        await using var server = await ProxyServer.StartAsync(reception);
        using var client = await server.ConnectAsync();
        await client.GetStream().WriteAsync(Octets("PROXY "), Cancellation);
        // The clock stands: only the end of the server can end the wait.
        await server.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal("", await ProxyServer.ReadAsync(client));
        Assert.Empty(server.Log);
    }

    [Fact]
    public async Task While_the_node_goes_down_clients_and_health_checks_alike_are_told_so()
    {
        await using var reception = new ReceptionFixture();
        await using var server = await ProxyServer.StartAsync(reception);
        await reception.Reception.DrainAsync(CancellationToken.None);
        Assert.StartsWith("421 4.3.2 ", await server.AnswerAsync(Octets(V1)), StringComparison.Ordinal);
        Assert.StartsWith("421 4.3.2 ", await server.AnswerAsync(Octets("PROXY UNKNOWN\r\n")), StringComparison.Ordinal);
        Assert.Equal("203.0.113.7:56324", Assert.Single(await reception.EventsAsync()).GetProperty("peer_address").GetString());
    }

    [Fact]
    public async Task TLS_comes_behind_the_header_and_hands_on_what_it_said()
    {
        await using var reception = new ReceptionFixture(relay: s_relay);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=relay.example.net", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var server = await ProxyServer.StartAsync(reception, certificate);
        using var client = await server.ConnectAsync();
        await client.GetStream().WriteAsync(Octets(V1), Cancellation);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "relay.example.net", RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint }, Cancellation);
        await tls.WriteAsync(Octets(Mail), Cancellation);
        using var reader = new StreamReader(tls);
        Assert.Contains("221 2.0.0 Bye", await reader.ReadToEndAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation), StringComparison.Ordinal);
        Assert.Contains("203.0.113.7", Assert.Single(await reception.KeptAsync()).Received, StringComparison.Ordinal);
    }

    private static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] V2(byte command, byte family, byte[] block) => [.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, (byte)(block.Length >> 8), (byte)block.Length, .. block];
}
