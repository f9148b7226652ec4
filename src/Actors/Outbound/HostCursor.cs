using System.Net;
using System.Net.Sockets;
using MailCluster.Actors.Delivery;

namespace MailCluster.Actors.Outbound;

/// <summary>
/// The hosts of a route in the order in which one connection tries them: by preference, equal ones shuffled anew (RFC 5321 section 5.1), each with its addresses,
/// IPv6 and IPv4 in turn (RFC 8305 section 4). Moves forward only.
/// </summary>
internal sealed class HostCursor
{
    private readonly List<RouteHost> _hosts;
    private readonly List<IPAddress> _addresses = [];
    private int _host;

    /// <param name="hosts">Sorted by preference or not.</param>
    /// <param name="random">Where the order among equals comes from.</param>
    public HostCursor(IReadOnlyCollection<RouteHost> hosts, Random random)
    {
        var shuffled = hosts.ToArray();
        random.Shuffle(shuffled);
        _hosts = [.. shuffled.OrderBy(host => host.Preference)];
        TakeAddresses();
    }

    /// <summary>The host to try; null where none is left.</summary>
    public RouteHost? Host => _host < _hosts.Count ? _hosts[_host] : null;

    /// <summary>Its addresses that have not been given up, first first.</summary>
    public IReadOnlyList<IPAddress> Addresses => _addresses;

    /// <summary>Whether another host follows this one.</summary>
    public bool HasFurtherHost => _host + 1 < _hosts.Count;

    /// <summary>Gives up the address; with its last one the host.</summary>
    public void LeaveAddress(IPAddress address)
    {
        _addresses.Remove(address);
        if (_addresses.Count == 0)
        {
            LeaveHost();
        }
    }

    /// <summary>Gives up the host with all its addresses.</summary>
    public void LeaveHost()
    {
        _host++;
        TakeAddresses();
    }

    private void TakeAddresses()
    {
        _addresses.Clear();
        if (Host is { } host)
        {
            var six = host.Addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6).ToList();
            var four = host.Addresses.Where(address => address.AddressFamily != AddressFamily.InterNetworkV6).ToList();
            for (var i = 0; i < Math.Max(six.Count, four.Count); i++)
            {
                _addresses.AddRange(six.Skip(i).Take(1));
                _addresses.AddRange(four.Skip(i).Take(1));
            }
        }
    }
}
