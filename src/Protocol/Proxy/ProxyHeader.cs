using System.Net;

namespace MailCluster.Protocol.Proxy;

/// <summary>What a PROXY header says of the connection that it stands before ("The PROXY protocol", haproxy.org, section 2).</summary>
public abstract record ProxyHeader
{
    private ProxyHeader() { }

    /// <summary>The balancer speaks for a client.</summary>
    /// <param name="Source">The client's address and port.</param>
    /// <param name="Destination">Where the client connected to.</param>
    public sealed record Client(IPEndPoint Source, IPEndPoint Destination) : ProxyHeader;

    /// <summary>The balancer speaks for itself: a health check (LOCAL, section 2.2).</summary>
    public sealed record Local : ProxyHeader
    {
        /// <summary>The one there is.</summary>
        public static Local Instance { get; } = new();
    }

    /// <summary>
    /// Nobody can say for whom: UNKNOWN of version 1, which some also send before health checks, and families of version 2 that are not TCP over IPv4 or IPv6, which
    /// section 2.2 has a receiver treat as unspecified.
    /// </summary>
    public sealed record Unknown : ProxyHeader
    {
        /// <summary>The one there is.</summary>
        public static Unknown Instance { get; } = new();
    }
}
