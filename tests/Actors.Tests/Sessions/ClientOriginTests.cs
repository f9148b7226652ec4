using System.Net;
using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Proxy;

namespace MailCluster.Actors.Tests.Sessions;

public class ClientOriginTests
{
    private static readonly IPEndPoint s_local = new(IPAddress.Parse("10.0.0.9"), 2525);

    private static readonly RelayPolicy s_policy = new(new()
    {
        Networks = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("2001:db8::/32")],
    });

    public static TheoryData<string, string, string, bool> Headers => new()
    {
        { "a client in a listed network", "10.0.0.5", "203.0.113.7", true },
        { "by IPv6", "10.0.0.5", "2001:db8::7", true },
        { "in IPv6 clothes", "10.0.0.5", "::ffff:203.0.113.7", true },
        { "a load balancer in IPv6 clothes", "::ffff:10.0.0.5", "203.0.113.7", true },
        { "a client in the load balancer's own network", "10.0.0.5", "10.0.0.6", true },
        { "a client that is not listed", "10.0.0.5", "192.0.2.7", false },
        { "the load balancer's own address, behind which all the world may be", "10.0.0.5", "10.0.0.5", false },
        { "in IPv6 clothes on either side", "::ffff:10.0.0.5", "10.0.0.5", false },
        { "and on the other", "10.0.0.5", "::ffff:10.0.0.5", false },
        { "the load balancer's loopback is not ours", "10.0.0.5", "127.0.0.1", false },
        { "nor by IPv6", "2001:db8::5", "::1", false },
        { "nor in IPv6 clothes", "10.0.0.5", "::ffff:127.0.0.1", false },
        { "where it is on this machine, its loopback is ours", "127.0.0.1", "127.0.0.1", true },
        { "by whatever address", "::1", "127.0.0.2", true },
    };

    [Theory, MemberData(nameof(Headers))]
    public void Whether_the_address_of_a_header_may_relay(string what, string peer, string source, bool may)
    {
        var origin = ClientOrigin.Behind(new(IPAddress.Parse(peer), 40000), s_local, new ProxyHeader.Client(new(IPAddress.Parse(source), 50000), new(IPAddress.Any, 25)));
        Assert.Equal((what, may), (what, s_policy.MayRelay(origin)));
        Assert.Equal((ConnectionLimits.Fold(IPAddress.Parse(source)), 50000), (origin.Address, origin.Port));
        Assert.NotEqual(ClientStanding.Balancer, origin.Standing);
    }

    [Fact]
    public void Without_a_client_there_is_the_load_balancer_and_it_may_not_relay()
    {
        foreach (var header in (ProxyHeader[])[ProxyHeader.Local.Instance, ProxyHeader.Unknown.Instance])
        {
            var origin = ClientOrigin.Behind(new(IPAddress.Loopback, 40000), s_local, header);
            Assert.Equal(new ClientOrigin(IPAddress.Loopback, 40000, ClientStanding.Balancer), origin);
            Assert.False(s_policy.MayRelay(origin));
        }
    }

    public static TheoryData<string, string, string, ClientStanding> Ends => new()
    {
        { "both ends of the connection itself: a check of version 1", "10.0.0.5:40000", "10.0.0.9:2525", ClientStanding.Balancer },
        { "in IPv6 clothes", "[::ffff:10.0.0.5]:40000", "[::ffff:10.0.0.9]:2525", ClientStanding.Balancer },
        { "another port: a client on the load balancer's machine", "10.0.0.5:40001", "10.0.0.9:2525", ClientStanding.Stranger },
        { "by chance the same port, but a client of the load balancer's front", "10.0.0.5:40000", "10.0.0.5:25", ClientStanding.Stranger },
        { "another address", "10.0.0.6:40000", "10.0.0.9:2525", ClientStanding.Known },
    };

    [Theory, MemberData(nameof(Ends))]
    public void Whether_the_header_speaks_of_the_connection_itself(string what, string source, string destination, ClientStanding standing)
    {
        var header = new ProxyHeader.Client(IPEndPoint.Parse(source), IPEndPoint.Parse(destination));
        Assert.Equal((what, standing), (what, ClientOrigin.Behind(IPEndPoint.Parse("10.0.0.5:40000"), s_local, header).Standing));
    }

    [Fact]
    public void Who_connects_himself_may_by_his_own_address()
    {
        Assert.True(s_policy.MayRelay(ClientOrigin.Direct(new IPEndPoint(IPAddress.Parse("::ffff:127.0.0.1"), 1))));
        Assert.False(s_policy.MayRelay(ClientOrigin.Direct(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1))));
        Assert.False(s_policy.MayRelay(ClientOrigin.Direct(null)));
    }
}
