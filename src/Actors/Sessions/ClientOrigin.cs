using System.Net;
using MailCluster.Protocol.Proxy;

namespace MailCluster.Actors.Sessions;

/// <summary>Where a connection comes from, and what follows from that.</summary>
/// <param name="Address">As <see cref="ConnectionLimits.Fold"/> gives it.</param>
/// <param name="Port">The client's port.</param>
/// <param name="Standing">What the address says.</param>
public readonly record struct ClientOrigin(IPAddress Address, int Port, ClientStanding Standing)
{
    /// <summary>A connection without a load balancer.</summary>
    /// <param name="remote">The other end. What has no IP address is nobody we trust.</param>
    public static ClientOrigin Direct(EndPoint? remote) =>
        remote is IPEndPoint peer ? new(ConnectionLimits.Fold(peer.Address), peer.Port, ClientStanding.Known) : new(IPAddress.None, 0, ClientStanding.Stranger);

    /// <summary>A connection through a load balancer.</summary>
    /// <param name="peer">The load balancer's end of the connection.</param>
    /// <param name="local">Our end.</param>
    /// <param name="header">What it says.</param>
    /// <remarks>
    /// The right to relay never rests on the load balancer's own address, in whatever way it gets into the place of a client's: another proxy on that machine, one
    /// that ends TLS, say, hides all of the internet behind it. Nor on loopback out of a header from elsewhere: there 127.0.0.1 means the load balancer's machine, whereas
    /// <c>relay.networks</c> has it for this one. A load balancer on this machine sees this machine's clients there, as we would without it.
    /// </remarks>
    public static ClientOrigin Behind(IPEndPoint peer, IPEndPoint? local, ProxyHeader header)
    {
        var balancer = ConnectionLimits.Fold(peer.Address);
        // Section 2.1: version 1 has no LOCAL, so that a health check names the ends of its own connection. HAProxy does.
        if (header is not ProxyHeader.Client client || (IsSame(client.Source, peer) && local is not null && IsSame(client.Destination, local)))
        {
            return new(balancer, peer.Port, ClientStanding.Balancer);
        }
        var address = ConnectionLimits.Fold(client.Source.Address);
        var isTheirs = !IPAddress.IsLoopback(balancer) && (address.Equals(balancer) || IPAddress.IsLoopback(address));
        return new(address, client.Source.Port, isTheirs ? ClientStanding.Stranger : ClientStanding.Known);
    }

    private static bool IsSame(IPEndPoint named, IPEndPoint end) => named.Port == end.Port && ConnectionLimits.Fold(named.Address).Equals(ConnectionLimits.Fold(end.Address));
}
