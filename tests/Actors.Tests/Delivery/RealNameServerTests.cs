using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Protocol.Addressing;
using MailCluster.Support;

namespace MailCluster.Actors.Tests.Delivery;

public sealed class RealNameServerTests : IClassFixture<RealNameServerTests.Zones>, IDisposable
{
    private readonly Zones _zones;
    private readonly MailExchangerResolver _resolver;

    public RealNameServerTests(Zones zones)
    {
        _zones = zones;
        _resolver = new MailExchangerResolver(
            new DnsOptions { Servers = zones.Server is { } server ? [server.Endpoint] : [], MinTimeToLive = TimeSpan.FromSeconds(1) }, [], new DeliveryOptions(), new Ourselves("us.example.test", []));
    }

    public static TheoryData<string, string, int> Domains => new()
    {
        { "example.test", "mx1.example.test,mx2.example.test: 10 mx1.example.test 192.0.2.1 2001:db8::1; 20 mx2.example.test 192.0.2.2", 300 },
        { "equal.example.test", "mx1.example.test,mx2.example.test: 10 mx1.example.test 192.0.2.1 2001:db8::1; 10 mx2.example.test 192.0.2.2", 300 },
        { "null.example.test", "556 5.1.10", 300 },
        // The time to live is the lesser of what the zone says for the address (60) and for the mail exchangers that are not there (45).
        { "a.example.test", "a.example.test: 0 a.example.test 192.0.2.3", 45 },
        { "v6.example.test", "v6.example.test: 0 v6.example.test 2001:db8::6", 45 },
        { "alias.example.test", "mx1.example.test,mx2.example.test: 10 mx1.example.test 192.0.2.1 2001:db8::1; 20 mx2.example.test 192.0.2.2", 300 },
        { "away.example.test", "mx.other.test: 5 mx.other.test 192.0.2.9", 120 },
        { "mxalias.example.test", "pointer.example.test: 10 pointer.example.test 192.0.2.2", 300 },
        { "half.example.test", "missing.example.test,mx2.example.test: 20 mx2.example.test 192.0.2.2", 45 },
        { "nohost.example.test", "550 5.4.4", 45 },
        { "nothing.example.test", "550 5.4.4", 45 },
        { "absent.example.test", "550 5.1.2", 45 },
        { "loop.example.test", "mx1.example.test,us.example.test: 10 mx1.example.test 192.0.2.1 2001:db8::1", 300 },
        { "local.example.test", "550 5.4.4", 300 },
        { "many.example.test", "m01.example.test,m02.example.test,m03.example.test: 1 m01.example.test 192.0.2.31; 2 m02.example.test 192.0.2.32; 3 m03.example.test 192.0.2.33", 300 },
        { "elsewhere.invalid", "451 4.4.3", 15 },
    };

    [Theory]
    [MemberData(nameof(Domains))]
    public async Task Finds_the_route_that_the_zone_describes(string domain, string route, int seconds)
    {
        Assert.SkipUnless(Nsd.IsInstalled, "nsd is not installed");
        var resolution = await _resolver.ResolveAsync(new DomainName(domain), TimeSpan.MaxValue);

        Assert.Equal(route, RouteDecisionTests.Text(resolution.Route));
        Assert.Equal(TimeSpan.FromSeconds(seconds), resolution.TimeToLive);
        Assert.NotNull(_zones.Server);
    }

    [Fact]
    public async Task Takes_an_answer_that_is_too_large_for_a_packet_over_tcp()
    {
        Assert.SkipUnless(Nsd.IsInstalled, "nsd is not installed");
        var resolution = await _resolver.ResolveAsync(new DomainName("large.example.test"), TimeSpan.MaxValue);

        var to = Assert.IsType<Route.To>(resolution.Route);
        Assert.Equal(RouteDecision.MostHosts, to.Hosts.Length);
    }

    public void Dispose() => _resolver.Dispose();

    public sealed class Zones : IAsyncLifetime
    {
        public Nsd? Server { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (!Nsd.IsInstalled)
            {
                return;
            }

            var large = string.Join('\n', Enumerable.Range(0, 100).Select(i => $"large MX {i} a-rather-long-name-of-a-mail-exchanger-number-{i:D3}\na-rather-long-name-of-a-mail-exchanger-number-{i:D3} A 192.0.2.{i}"));
            Server = await Nsd.StartAsync(
                new Dictionary<string, string>
                {
                    ["example.test"] = $"""
                        $ORIGIN example.test.
                        $TTL 300
                        @ SOA ns hostmaster 1 3600 600 86400 45
                        @ NS ns
                        ns A 127.0.0.1
                        @ MX 20 mx2
                        @ MX 10 MX1
                        mx1 A 192.0.2.1
                        mx1 AAAA 2001:db8::1
                        mx2 A 192.0.2.2
                        equal MX 10 mx2
                        equal MX 10 mx1
                        null MX 0 .
                        a 60 A 192.0.2.3
                        v6 60 AAAA 2001:db8::6
                        alias CNAME example.test.
                        away CNAME mail.other.test.
                        mxalias MX 10 pointer
                        pointer CNAME mx2
                        half MX 10 missing
                        half MX 20 mx2
                        nohost MX 10 missing
                        nothing TXT "no mail here"
                        loop MX 10 mx1
                        loop MX 20 us
                        us A 192.0.2.77
                        local MX 10 localhost
                        localhost A 127.0.0.1
                        localhost AAAA ::1
                        many MX 3 m03
                        many MX 1 m01
                        many MX 2 m02
                        m01 A 192.0.2.31
                        m02 A 192.0.2.32
                        m03 A 192.0.2.33
                        {large}

                        """,
                    ["other.test"] = """
                        $ORIGIN other.test.
                        $TTL 120
                        @ SOA ns hostmaster 1 3600 600 86400 45
                        @ NS ns
                        ns A 127.0.0.1
                        mail MX 5 mx
                        mx A 192.0.2.9

                        """,
                },
                from: 21500);
        }

        public async ValueTask DisposeAsync()
        {
            if (Server is not null)
            {
                await Server.DisposeAsync();
            }
        }
    }
}
