using System.Collections.Immutable;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Tests.Delivery;

public sealed class RouteDecisionTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);
    private static readonly DomainName Domain = new("example.org");

    /// <summary>MX records, addresses by host, and the route as text.</summary>
    public static TheoryData<string, string, string, string> Records => new()
    {
        { "by preference, names sorted within the site", "20 b,10 c,10 a", "a=192.0.2.1 b=192.0.2.2 c=192.0.2.3", "a,b,c: 10 a 192.0.2.1; 10 c 192.0.2.3; 20 b 192.0.2.2" },
        { "both families", "10 a", "a=192.0.2.1,2001:db8::1", "a: 10 a 192.0.2.1 2001:db8::1" },
        { "RFC 5321 5.1: without MX the domain itself", "-", "example.org=192.0.2.9", "example.org: 0 example.org 192.0.2.9" },
        { "without MX and address", "-", "", "550 5.4.4" },
        { "without MX, the address lookup fails", "-", "example.org=?", "451 4.4.4" },
        { "RFC 7505: null MX", "0 ", "", "556 5.1.10" },
        { "RFC 7505: a root beside other records is no null MX", "0 ,10 a", "a=192.0.2.1", "a: 10 a 192.0.2.1" },
        { "NXDOMAIN", "!", "", "550 5.1.2" },
        { "the lookup fails", "?", "", "451 4.4.3" },
        { "a host that does not exist is skipped", "10 a,20 b", "a=! b=192.0.2.2", "a,b: 20 b 192.0.2.2" },
        { "a host whose lookup fails is skipped", "10 a,20 b", "a=? b=192.0.2.2", "a,b: 20 b 192.0.2.2" },
        { "no host exists", "10 a,20 b", "a=! b=!", "550 5.4.4" },
        { "one does not exist, the other's lookup fails", "10 a,20 b", "a=! b=?", "451 4.4.4" },
        { "a name that is an address is skipped", "10 192.0.2.7,20 b", "b=192.0.2.2", "b: 20 b 192.0.2.2" },
        { "only names that are addresses", "10 192.0.2.7,20 2001:db8::1", "", "550 5.4.4" },
        { "our name cuts off what is no better", "10 a,20 us.example,20 b,30 c", "a=192.0.2.1 b=192.0.2.2 c=192.0.2.3", "a,b,c,us.example: 10 a 192.0.2.1" },
        { "our address cuts off what is no better", "10 a,20 b,20 d,30 c", "a=192.0.2.1 b=192.0.2.2 d=203.0.113.1 c=192.0.2.3", "a,b,c,d: 10 a 192.0.2.1" },
        { "our name first", "10 us.example,20 b", "b=192.0.2.2", "554 5.4.6" },
        { "our address first", "10 d,20 b", "d=203.0.113.1 b=192.0.2.2", "554 5.4.6" },
        { "we, but another host could not be looked up now", "10 a,20 us.example", "a=?", "451 4.4.4" },
        { "loopback is skipped", "10 a,20 b", "a=127.0.0.1 b=192.0.2.2", "a,b: 20 b 192.0.2.2" },
        { "loopback beside a real address is left out", "10 a", "a=127.8.9.1,192.0.2.1", "a: 10 a 192.0.2.1" },
        { "nothing but loopback", "10 a", "a=127.0.0.1,::1", "550 5.4.4" },
        { "mapped loopback", "10 a", "a=::ffff:127.0.0.1", "550 5.4.4" },
        { "unspecified", "10 a", "a=0.0.0.0,::", "550 5.4.4" },
        { "the same host twice", "10 a,20 A", "a=192.0.2.1", "a: 10 a 192.0.2.1" },
    };

    [Theory]
    [MemberData(nameof(Records))]
    public void Reads_a_route_from_the_records(string why, string exchangers, string addresses, string route)
    {
        var decision = new RouteDecision(new Ourselves("us.example", [new IPEndPoint(IPAddress.Parse("203.0.113.1"), 25)]), 25, allowLoopback: false);

        Assert.Equal(route, Resolve(decision, exchangers, addresses));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void Leads_to_loopback_where_that_is_allowed()
    {
        var decision = new RouteDecision(new Ourselves("us.example", [new IPEndPoint(IPAddress.Loopback, 2525)]), 2526, allowLoopback: true);

        Assert.Equal("a:2526: 10 a 127.0.0.1", Resolve(decision, "10 a", "a=127.0.0.1"));
    }

    [Fact]
    public void Recognises_ourselves_on_loopback_by_the_port()
    {
        var decision = new RouteDecision(new Ourselves("us.example", [new IPEndPoint(IPAddress.Loopback, 2525)]), 2525, allowLoopback: true);

        Assert.Equal("554 5.4.6", Resolve(decision, "10 a", "a=::ffff:127.0.0.1"));
    }

    [Theory]
    [InlineData("[192.0.2.1]", "[192.0.2.1]: 0 192.0.2.1 192.0.2.1")]
    [InlineData("[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]: 0 2001:db8::1 2001:db8::1")]
    [InlineData("[127.0.0.1]", "550 5.4.4")]
    [InlineData("[IPv6:::1]", "550 5.4.4")]
    [InlineData("[IPv6:::ffff:127.0.0.1]", "550 5.4.4")]
    [InlineData("[0.0.0.0]", "550 5.4.4")]
    [InlineData("[203.0.113.1]", "554 5.4.6")]
    [InlineData("[x-tag:data]", "550 5.1.2")]
    public void Takes_an_address_literal_at_its_word(string literal, string route)
    {
        var decision = new RouteDecision(new Ourselves("us.example", [new IPEndPoint(IPAddress.Parse("203.0.113.1"), 25)]), 25, allowLoopback: false);

        Assert.Equal(route, Text(decision.Literal(new DomainName(literal))));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.255.254", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("0.1.2.3", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("::", true)]
    [InlineData("::1", true)]
    [InlineData("::2", true)]
    [InlineData("::127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:0.0.0.0", true)]
    [InlineData("ff02::1", true)]
    [InlineData("::ffff:192.0.2.1", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001:db8::ffff:7f00:1", false)]
    public void Knows_loopback_and_nowhere_in_each_spelling(string address, bool refused) => Assert.Equal(refused, IPAddress.Parse(address).IsLoopbackOrNowhere());

    [Fact]
    public void Looks_up_only_the_first_hosts_of_an_endless_list()
    {
        var answer = new DnsAnswer.Exchangers([.. Enumerable.Range(0, 5000).Select(i => new MailExchanger($"mx{i:D4}", 10 + i))], Ttl);

        Assert.Equal(RouteDecision.MostHosts, RouteDecision.Exchangers(Domain, answer).Hosts.Length);
    }

    [Fact]
    public void Names_a_site_alike_for_the_same_set_of_hosts_and_shortens_long_names_without_confusing_them()
    {
        string[] many = [.. Enumerable.Range(0, 20).Select(i => $"mail-exchanger-number-{i}.example.org")];
        var site = SiteName.Of(many, 25);

        Assert.Equal(SiteName.Of(["B.example", "a.example"], 25), SiteName.Of(["a.example", "b.EXAMPLE", "b.example"], 25));
        Assert.Equal(site, SiteName.Of(many.Reverse(), 25));
        Assert.NotEqual(site, SiteName.Of([.. many, "one-more.example.org"], 25));
        Assert.Equal(200, site.Site.Length);
        Assert.Equal(site.Site + ":26", SiteName.Of(many, 26).Site);
    }

    [Fact]
    public void Prefers_a_domains_own_static_route_to_the_one_for_all()
    {
        var all = new RouteOptions(null, "all", 1);
        var own = new RouteOptions(Domain, "own", 2);

        Assert.Equal(own, RouteDecision.Static(Domain, [all, own]));
        Assert.Equal(all, RouteDecision.Static(new DomainName("example.net"), [own, all]));
        Assert.Null(RouteDecision.Static(new DomainName("example.net"), [own]));
    }

    private static string Resolve(RouteDecision decision, string exchangers, string addresses)
    {
        DnsAnswer answer = exchangers switch
        {
            "!" => new DnsAnswer.NoSuchName(Ttl),
            "?" => new DnsAnswer.Failed("silence", Ttl),
            "-" => new DnsAnswer.Exchangers([], Ttl),
            _ => new DnsAnswer.Exchangers([.. exchangers.Split(',').Select(text => text.Split(' ')).Select(parts => new MailExchanger(parts[1], int.Parse(parts[0])))], Ttl),
        };
        var (hosts, nowhere) = RouteDecision.Exchangers(Domain, answer);
        var known = addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('=')).ToDictionary(parts => parts[0], parts => parts[1]);
        return Text(nowhere ?? decision.Decide(Domain, hosts, name => known.GetValueOrDefault(name) switch
        {
            "!" or null => [new DnsAnswer.NoSuchName(Ttl), new DnsAnswer.NoSuchName(Ttl)],
            "?" => [new DnsAnswer.Failed("SERVFAIL", Ttl), new DnsAnswer.Addresses([], Ttl)],
            var list => [new DnsAnswer.Addresses([.. list.Split(',').Select(IPAddress.Parse)], Ttl)],
        }));
    }

    internal static string Text(Route route) => route switch
    {
        Route.To to => $"{to.Site.Site}: {string.Join("; ", to.Hosts.Select(host => $"{host.Preference} {host.Name} {string.Join(' ', host.Addresses)}"))}",
        Route.Nowhere { Failure.Reply: var reply } => $"{reply.Code} {reply.Status}",
        _ => "",
    };
}
