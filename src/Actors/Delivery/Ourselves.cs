using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;

namespace MailCluster.Actors.Delivery;

/// <summary>How a mail exchanger is recognised as this machine, so that mail for it does not run in circles (RFC 5321 section 5.1).</summary>
/// <param name="Hostname">Our own name.</param>
/// <param name="Listeners">Where we listen, wildcards already replaced by the machine's addresses.</param>
public sealed record Ourselves(string Hostname, ImmutableArray<IPEndPoint> Listeners)
{
    /// <summary>By the configured listeners; one bound to all addresses stands for each address of the machine.</summary>
    public static Ourselves Of(string hostname, IEnumerable<IPEndPoint> listeners)
    {
        var expanded = ImmutableArray.CreateBuilder<IPEndPoint>();
        foreach (var listener in listeners)
        {
            if (!listener.Address.Equals(IPAddress.Any) && !listener.Address.Equals(IPAddress.IPv6Any))
            {
                expanded.Add(new IPEndPoint(Normal(listener.Address), listener.Port));
                continue;
            }

            foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses))
            {
                expanded.Add(new IPEndPoint(Normal(address.Address), listener.Port));
            }
        }

        return new Ourselves(hostname.TrimEnd('.').ToLowerInvariant(), expanded.ToImmutable());
    }

    /// <summary>True where the name is ours.</summary>
    internal bool IsName(string host) => string.Equals(host, Hostname, StringComparison.OrdinalIgnoreCase);

    /// <summary>True where we listen there.</summary>
    internal bool IsAddress(IPAddress address, int port)
    {
        var normal = Normal(address);
        foreach (var listener in Listeners)
        {
            if (listener.Port == port && listener.Address.Equals(normal))
            {
                return true;
            }
        }

        return false;
    }

    private static IPAddress Normal(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address.ScopeIdOrZero() != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
