using System.Collections.Immutable;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Protocol.Addressing;
using MailCluster.Support;

namespace MailCluster.Actors.Tests.Delivery;

public sealed class MailExchangerResolverTests : IAsyncDisposable
{
    private static readonly TimeSpan AnyAge = TimeSpan.MaxValue;

    private readonly ScriptedNameServer _server = new();
    private readonly MailExchangerResolver _resolver;

    public MailExchangerResolverTests()
    {
        _resolver = Of([_server.Endpoint]);
    }

    public static TheoryData<string, string> Misfortunes => new()
    {
        { "servfail.example", "451 4.4.3" },
        { "refused.example", "451 4.4.3" },
        { "silence.example", "451 4.4.3" },
        { "garbage.example", "451 4.4.3" },
        { "wrongid.example", "451 4.4.3" },
        { "tcpsilence.example", "451 4.4.3" },
        { "loop.example", "451 4.4.3" },
        { "nxdomain.example", "550 5.1.2" },
        { "nodata.example", "550 5.4.4" },
        { "truncated.example", "mx.example: 10 mx.example 192.0.2.1" },
        { "flaky.example", "mx.example: 10 mx.example 192.0.2.1" },
        { "alias.example", "mx.example: 10 mx.example 192.0.2.1" },
        { "viaalias.example", "mxalias.example: 10 mxalias.example 192.0.2.1" },
        { "broken.example", "451 4.4.4" },
        { "gone.example", "550 5.4.4" },
        { "null.example", "556 5.1.10" },
        { "stranger.example", "550 5.4.4" },
    };

    [Theory]
    [MemberData(nameof(Misfortunes))]
    public async Task Makes_a_route_of_whatever_the_name_server_does(string domain, string route)
    {
        _server.AddAddress("mx.example", "192.0.2.1").AddMx("truncated.example", 10, "mx.example").AddMx("flaky.example", 10, "mx.example").AddMx("wrongid.example", 10, "mx.example")
            .AddAlias("alias.example", "target.example").AddMx("target.example", 10, "mx.example")
            .AddMx("viaalias.example", 10, "mxalias.example").AddAlias("mxalias.example", "mx.example")
            .AddMx("broken.example", 10, "servfail.hosts.example").AddMx("gone.example", 10, "nxdomain.hosts.example").AddMx("null.example", 0, ".")
            .AddMx("other.example", 10, "mx.example");

        var resolution = await _resolver.ResolveAsync(new DomainName(domain), AnyAge);

        Assert.Equal(route, RouteDecisionTests.Text(resolution.Route));
        Assert.InRange(resolution.TimeToLive, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Asks_the_next_server_when_one_fails_or_is_silent()
    {
        await using var second = new ScriptedNameServer();
        second.AddMx("servfail.example", 10, "mx.example").AddAddress("mx.example", "192.0.2.1");
        using var resolver = Of([_server.Endpoint, new IPEndPoint(IPAddress.Loopback, second.Endpoint.Port)]);

        // The second server serves the name by its script too, so the failure of the first is told by a name that only it fails.
        _server.AddMx("plain.example", 10, "servfail.example");
        second.AddAddress("servfail.example", "192.0.2.2");
        var resolution = await resolver.ResolveAsync(new DomainName("plain.example"), AnyAge);

        Assert.True(second.Questions("servfail.example", ScriptedNameServer.A) > 0);
        Assert.Equal("451 4.4.4", RouteDecisionTests.Text(resolution.Route));
    }

    [Fact]
    public async Task Asks_once_for_a_name_however_many_want_to_know()
    {
        _server.AddMx("example.org", 10, "mx.example").AddAddress("mx.example", "192.0.2.1");
        _server.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = Enumerable.Range(0, 50).Select(_ => _resolver.ResolveAsync(new DomainName("example.org"), AnyAge)).ToList();
        _server.Gate.SetResult();

        foreach (var resolution in await Task.WhenAll(all))
        {
            Assert.IsType<Route.To>(resolution.Route);
        }

        Assert.Equal(1, _server.Questions("example.org", ScriptedNameServer.Mx));
        Assert.Equal(1, _server.Questions("mx.example", ScriptedNameServer.A));
        await _resolver.ResolveAsync(new DomainName("example.org"), AnyAge);
        Assert.Equal(1, _server.Questions("example.org", ScriptedNameServer.Mx));
        await _resolver.ResolveAsync(new DomainName("example.org"), TimeSpan.Zero);
        Assert.Equal(2, _server.Questions("example.org", ScriptedNameServer.Mx));
    }

    [Fact]
    public async Task Keeps_a_failure_and_a_missing_name_for_a_while_too()
    {
        var asked = 0;
        for (var i = 0; i < 3; i++)
        {
            await _resolver.ResolveAsync(new DomainName("nxdomain.example"), AnyAge);
            await _resolver.ResolveAsync(new DomainName("servfail.example"), AnyAge);
            asked = asked == 0 ? _server.Questions("servfail.example", ScriptedNameServer.Mx) : asked;      // the client asks a failing server again
        }

        Assert.Equal(1, _server.Questions("nxdomain.example", ScriptedNameServer.Mx));
        Assert.InRange(asked, 1, 2);
        Assert.Equal(asked, _server.Questions("servfail.example", ScriptedNameServer.Mx));
    }

    [Theory]
    [InlineData("silence.example", "the name servers did not answer in time")]
    [InlineData("garbage.example", "the answer cannot be read")]
    [InlineData("wrongid.example", "the answer was to another question")]
    public async Task Says_why_in_words_that_a_report_may_hold(string domain, string words)
    {
        var nowhere = Assert.IsType<Route.Nowhere>((await _resolver.ResolveAsync(new DomainName(domain), AnyAge)).Route);
        Assert.Equal($"451 4.4.3 {domain}: mail exchangers could not be looked up now: {words}", nowhere.Failure.Reply.ToString());
    }

    [Fact]
    public async Task Has_only_so_many_lookups_under_way()
    {
        using var resolver = Of([_server.Endpoint], concurrent: 4);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => resolver.ResolveAsync(new DomainName($"d{i}.example"), AnyAge)));

        Assert.InRange(_server.MostAtATime, 1, 4);
    }

    [Fact]
    public async Task A_static_route_may_lead_to_loopback_and_asks_for_no_mail_exchanger()
    {
        using var resolver = Of([_server.Endpoint], [new RouteOptions(null, "127.0.0.1", 2526), new RouteOptions(new DomainName("named.example"), "Host.Example", 26)]);
        _server.AddAddress("host.example", "192.0.2.4");

        Assert.Equal("route:127.0.0.1:2526: 0 127.0.0.1 127.0.0.1", RouteDecisionTests.Text((await resolver.ResolveAsync(new DomainName("any.example"), AnyAge)).Route));
        Assert.Equal("route:host.example:26: 0 Host.Example 192.0.2.4", RouteDecisionTests.Text((await resolver.ResolveAsync(new DomainName("named.example"), AnyAge)).Route));
        Assert.Equal(0, _server.Questions("any.example", ScriptedNameServer.Mx));
    }

    [Fact]
    public async Task A_static_route_whose_host_has_no_address_lets_mail_wait()
    {
        using var resolver = Of([_server.Endpoint], [new RouteOptions(null, "nxdomain.invalid", 25)]);

        Assert.Equal("451 4.4.4", RouteDecisionTests.Text((await resolver.ResolveAsync(new DomainName("any.example"), AnyAge)).Route));
    }

    public async ValueTask DisposeAsync()
    {
        _resolver.Dispose();
        await _server.DisposeAsync();
    }

    private static MailExchangerResolver Of(ImmutableArray<IPEndPoint> servers, ImmutableArray<RouteOptions> routes = default, int concurrent = 64) => new(
        new DnsOptions { Servers = servers, Timeout = TimeSpan.FromMilliseconds(400), Retries = 1, ConcurrentLookups = concurrent },
        routes.IsDefault ? [] : routes,
        new DeliveryOptions(),
        new Ourselves("us.example", []));
}
