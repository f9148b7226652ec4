using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>A real HAProxy before real nodes.</summary>
public partial class HaProxyTests
{
    [Theory]
    [InlineData("send-proxy")]
    [InlineData("send-proxy-v2")]
    [InlineData("send-proxy-v2 proxy-v2-options crc32c,unique-id")]
    public async Task The_client_behind_it_is_known_by_its_own_address_and_rights(string option)
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync($"relay {{ networks = [\"127.0.0.1/32\", \"::1/128\", \"203.0.113.0/24\"], domains = [ours.test] }}\n{Routes.To(sink)}", behindBalancer: true);
        int front = FreePort.Next(), six = FreePort.Next(), chained = FreePort.Next();
        await using var haproxy = await HaProxy.StartAsync($$"""
            listen mail
              bind 127.0.0.1:{{front}}
              bind [::1]:{{six}}
              bind 127.0.0.1:{{chained}} accept-proxy
              unique-id-format %{+X}o%ci:%cp_%ts%rt
              server node 127.0.0.1:{{node.ProxyPort}} {{option}}
            """);

        // It is the client's address that counts, and not the load balancer's, which relay.networks has.
        using (var client = await RawClient.HelloAsync(front, "127.0.0.2"))
        {
            Assert.StartsWith("550 5.7.1", await client.MailAsync("a@a.test", "b@b.test", "x"), StringComparison.Ordinal);
            Assert.StartsWith("250", await client.SayAsync("RSET"), StringComparison.Ordinal);
            Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@ours.test", "Subject: four\r\n\r\n"), StringComparison.Ordinal);
        }
        using (var client = await RawClient.HelloAsync(six, "::1"))
        {
            Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@ours.test", "Subject: six\r\n\r\n"), StringComparison.Ordinal);
        }

        // A load balancer before the load balancer: the client that it names is the client.
        using (var client = new RawClient(chained))
        {
            await client.SendAsync("PROXY TCP4 203.0.113.7 198.51.100.1 50000 25\r\n");
            Assert.StartsWith("220", await client.ReplyAsync(), StringComparison.Ordinal);
            Assert.StartsWith("250", await client.SayAsync("EHLO client.test"), StringComparison.Ordinal);
            Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: chained\r\n\r\n"), StringComparison.Ordinal);
        }
        await Eventually.HoldsAsync(() => sink.Messages.Count == 3, "three mails", otherwise: () => node.Log + haproxy.Log);
        var received = sink.Messages.ToDictionary(mail => Subject().Match(mail.Text).Groups[1].Value, mail => mail.Text);
        Assert.Contains("([127.0.0.2])", received["four"], StringComparison.Ordinal);
        Assert.Contains("([IPv6:::1])", received["six"], StringComparison.Ordinal);
        Assert.Contains("([203.0.113.7])", received["chained"], StringComparison.Ordinal);
        Assert.Equal(0, await node.StopAsync());
        var events = node.Events.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var receptions = events.Where(line => line.GetProperty("type").GetString() == "Reception").Select(Peer).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(["127.0.0.2", "203.0.113.7:50000", "[::1]"], receptions.Select(peer => peer.StartsWith("203", StringComparison.Ordinal) ? peer : peer[..peer.LastIndexOf(':')]));
        Assert.StartsWith("127.0.0.2:", Peer(Assert.Single(events, line => line.GetProperty("type").GetString() == "Rejection")), StringComparison.Ordinal);

        static string Peer(JsonElement line) => line.GetProperty("peer_address").GetString()!;
    }

    [Fact]
    public async Task Its_health_checks_pass_count_for_no_limit_and_leave_no_trace()
    {
        await using var node = await NodeProcess.StartAsync("limits { connections = 2, connections-per-client = 1 }\ndelivery { enabled = off }\nlog { level = info }", behindBalancer: true);
        var front = FreePort.Next();
        string[] passing =
        [
            $"v1 127.0.0.1:{node.ProxyPort} send-proxy check",
            $"v2 127.0.0.1:{node.ProxyPort} send-proxy-v2 check",
            $"sealed 127.0.0.1:{node.ProxyPort} send-proxy-v2 proxy-v2-options crc32c check",
            $"asked 127.0.0.1:{node.ProxyPort} send-proxy check check-send-proxy port {node.ProxyPort}",
            $"asked2 127.0.0.1:{node.ProxyPort} send-proxy-v2 check check-send-proxy port {node.ProxyPort}",
        ];
        // On a port without the header a check is a client, and so this one only once: two at a time would be one too many.
        var plain = $"plain 127.0.0.1:{node.ProxyPort} send-proxy check inter 1s port {node.SmtpPort}";
        await using var haproxy = await HaProxy.StartAsync($$"""
            listen helo
              bind 127.0.0.1:{{front}}
              option smtpchk
              timeout check 5s
              default-server inter 100ms fall 1 rise 1
              {{string.Join("\n  ", passing.Append(plain).Select(server => "server " + server))}}
            listen ehlo
              bind 127.0.0.1:{{FreePort.Next()}}
              option smtpchk EHLO balancer.test
              timeout check 5s
              default-server inter 100ms fall 1 rise 1
              {{string.Join("\n  ", passing.Select(server => "server " + server))}}
            listen headless
              bind 127.0.0.1:{{FreePort.Next()}}
              option smtpchk
              timeout check 300ms
              default-server inter 100ms fall 1 rise 1
              server node 127.0.0.1:{{node.ProxyPort}} send-proxy check port {{node.ProxyPort}}
            """);
        // A client that is there meanwhile has the one connection that it may have.
        using var client = await RawClient.HelloAsync(front, "127.0.0.2");
        string[] backends = ["helo", "ehlo"];
        await Eventually.HoldsAsync(
            () => backends.All(backend => passing.All(server => haproxy.Of(backend, server.Split(' ')[0], "check_status") == "L7OK")) && haproxy.Of("helo", "plain", "check_status") == "L7OK" && haproxy.Of("headless", "node", "status") == "DOWN",
            "checks passing, but not without the header", otherwise: () => haproxy.Command("show stat") + haproxy.Log + node.Log);
        Assert.All(backends, backend => Assert.All(passing, server => Assert.Equal("UP", haproxy.Of(backend, server.Split(' ')[0], "status"))));
        Assert.StartsWith("250", await client.SayAsync("NOOP"), StringComparison.Ordinal);

        // Nor does it check there any more: with the client and one that comes now it would be the third of two.
        haproxy.Command("set server helo/plain state maint");

        // One that does not name its clients is told so, once.
        for (var n = 0; n < 3; n++)
        {
            using var unnamed = new RawClient(node.ProxyPort);
            await unnamed.SendAsync("PROXY UNKNOWN\r\n");
            Assert.StartsWith("220", await unnamed.ReplyAsync(), StringComparison.Ordinal);
            Assert.StartsWith("250", await unnamed.SayAsync("EHLO client.test"), StringComparison.Ordinal);
            Assert.StartsWith("550 5.7.1", await unnamed.SayAsync("MAIL FROM:<a@a.test>"), StringComparison.Ordinal);
        }
        Assert.Equal(0, await node.StopAsync());
        Assert.True(!node.Events.Any(), $"{string.Join('\n', node.Events)}\n{node.Log}");
        Assert.Contains("names no client", Assert.Single(node.Log.Split('\n'), line => line.Contains("127.0.0.1", StringComparison.Ordinal) && !line.Contains("ready:", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_count_each_client_behind_it_by_itself()
    {
        await using var node = await NodeProcess.StartAsync("limits { connections-per-client = 2 }\ndelivery { enabled = off }", behindBalancer: true);
        var front = FreePort.Next();
        await using var haproxy = await HaProxy.StartAsync($"""
            listen mail
              bind 127.0.0.1:{front}
              server node 127.0.0.1:{node.ProxyPort} send-proxy-v2
            """);
        using RawClient first = await RawClient.HelloAsync(front, "127.0.0.2"), second = await RawClient.HelloAsync(front, "127.0.0.2"), third = new(front, "127.0.0.2");
        Assert.StartsWith("421 4.7.0", await third.ReplyAsync(), StringComparison.Ordinal);
        using RawClient other = await RawClient.HelloAsync(front, "127.0.0.3"), another = await RawClient.HelloAsync(front, "127.0.0.3"), tooMany = new(front, "127.0.0.3");
        Assert.StartsWith("421 4.7.0", await tooMany.ReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("221", await first.SayAsync("QUIT"), StringComparison.Ordinal);
        Assert.Equal("", await first.ReplyAsync());
        using var again = await RawClient.HelloAsync(front, "127.0.0.2");
    }

    [Fact]
    public async Task A_node_taken_out_and_put_back_while_mail_flows_costs_nothing_and_one_killed_costs_a_reconnect()
    {
        await using var sink = new RecordingSink();
        var settings = $"relay {{ domains = [ours.test] }}\nretry {{ first = 1s, max = 2s }}\n{Routes.To(sink)}";
        var starting = (NodeProcess.StartAsync(settings, behindBalancer: true), NodeProcess.StartAsync(settings, behindBalancer: true));
        await using var one = await starting.Item1;
        await using var two = await starting.Item2;
        var front = FreePort.Next();
        await using var haproxy = await HaProxy.StartAsync($"""
            listen mail
              bind 127.0.0.1:{front}
              balance roundrobin
              option smtpchk
              default-server inter 100ms fall 1 rise 1 send-proxy-v2 check
              server one 127.0.0.1:{one.ProxyPort}
              server two 127.0.0.1:{two.ProxyPort}
            """);
        await Eventually.HoldsAsync(() => haproxy.Of("mail", "one", "check_status") == "L7OK" && haproxy.Of("mail", "two", "check_status") == "L7OK", "both up", otherwise: () => haproxy.Log);

        var maintenance = new Senders(front);
        await maintenance.AcceptedAsync(100);
        haproxy.Command("set server mail/one state maint");
        await Eventually.HoldsAsync(() => haproxy.Of("mail", "one", "status") == "MAINT" && haproxy.Count("mail", "one", "scur") == 0, "no session on the node taken out", otherwise: () => haproxy.Command("show stat"));
        var before = haproxy.Count("mail", "one", "stot");
        await maintenance.AcceptedAsync(100);
        Assert.Equal(before, haproxy.Count("mail", "one", "stot"));
        haproxy.Command("set server mail/one state ready");
        await Eventually.HoldsAsync(() => haproxy.Count("mail", "one", "stot") >= before + 5, "sessions on the node put back", otherwise: () => haproxy.Command("show stat"));
        await maintenance.AcceptedAsync(50);
        Assert.Empty(await maintenance.EndAsync());
        await Eventually.HoldsAsync(() => sink.Messages.Count >= maintenance.Accepted.Count, "all mail", otherwise: () => $"{sink.Messages.Count} of {maintenance.Accepted.Count}");
        Assert.Equal(maintenance.Accepted.Order(), sink.Messages.Select(Number).Order());

        sink.Messages.Clear();
        var killed = new Senders(front);
        await killed.AcceptedAsync(100);
        await one.KillAsync();
        await killed.AcceptedAsync(100);
        await Eventually.HoldsAsync(() => haproxy.Of("mail", "one", "status") == "DOWN", "the node down", otherwise: () => haproxy.Command("show stat"));
        await one.StartAsync();
        await Eventually.HoldsAsync(() => haproxy.Of("mail", "one", "status") == "UP", "the node up", otherwise: () => haproxy.Command("show stat"));
        var back = haproxy.Count("mail", "one", "stot");
        await Eventually.HoldsAsync(() => haproxy.Count("mail", "one", "stot") >= back + 5, "sessions on the node that came back", otherwise: () => haproxy.Command("show stat"));
        var retried = (await killed.EndAsync()).ToHashSet();
        await Eventually.HoldsAsync(
            () => sink.Messages.Select(Number).ToHashSet().IsSupersetOf(killed.Accepted), "all accepted mail", otherwise: () => $"{sink.Messages.Count} of {killed.Accepted.Count}\n{one.Log}");
        Assert.Empty(sink.Messages.Select(Number).Except(killed.Accepted));
        Assert.True(retried.Count <= Senders.Count, $"{retried.Count} mails failed at the client, but only {Senders.Count} were on their way when the node was killed");
    }

    private static int Number(ReceivedMessage mail) => int.Parse(Subject().Match(mail.Text).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("\r\nSubject: (\\w+)\r\n")]
    private static partial Regex Subject();

    /// <summary>Clients that send numbered mail, five over a connection, until they are ended; what fails is sent again.</summary>
    private sealed class Senders
    {
        public const int Count = 8;

        private readonly ConcurrentDictionary<int, byte> _failed = [];
        private readonly ConcurrentDictionary<int, byte> _accepted = [];
        private readonly Task[] _clients;
        private int _next;
        private volatile bool _enough;

        public Senders(int port) => _clients = [.. Enumerable.Range(0, Count).Select(n => Task.Run(() => SendAsync(port, $"127.0.0.{n + 2}")))];

        public ICollection<int> Accepted => _accepted.Keys;

        /// <summary>Ends when so many more have been accepted.</summary>
        public Task AcceptedAsync(int more)
        {
            var enough = _accepted.Count + more;
            return Eventually.HoldsAsync(() => _accepted.Count >= enough, $"{enough} mails accepted", otherwise: () => $"{_accepted.Count}");
        }

        /// <summary>The numbers of those that had to be sent again.</summary>
        public async Task<ICollection<int>> EndAsync()
        {
            _enough = true;
            await Task.WhenAll(_clients).WaitAsync(TimeSpan.FromSeconds(30));
            return _failed.Keys;
        }

        private async Task SendAsync(int port, string from)
        {
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            int? again = null;
            while (!_enough || again is not null)
            {
                try
                {
                    using var client = await RawClient.HelloAsync(port, from);
                    for (var n = 0; n < 5 && (!_enough || again is not null); n++)
                    {
                        again ??= Interlocked.Increment(ref _next);
                        var reply = await client.MailAsync("a@a.test", "b@ours.test", $"From: a@a.test\r\nSubject: {again}\r\n\r\nhello\r\n");
                        if (!reply.StartsWith("250", StringComparison.Ordinal))
                        {
                            throw new IOException(reply);
                        }
                        _accepted[again.Value] = 0;
                        again = null;
                    }
                    await client.SayAsync("QUIT");
                }
                catch (Exception e) when (e is IOException or SocketException or Xunit.Sdk.XunitException)
                {
                    _failed[again ?? -1] = 0;
                    await pause.WaitForNextTickAsync();
                }
            }
        }
    }
}
