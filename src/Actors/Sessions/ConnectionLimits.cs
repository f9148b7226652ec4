using System.Net;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Sessions;

/// <summary>How many connections there are, in all and of each client address. An IPv4 client that came in IPv6 clothes is the IPv4 client.</summary>
/// <param name="all">In all, at most.</param>
/// <param name="perClient">Of one address, at most.</param>
public sealed class ConnectionLimits(int all, int perClient)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _clients = [];
    private int _count;

    /// <summary>Connections that have entered and not left.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>The address by which a client is known: IPv4 for an IPv4-mapped one.</summary>
    public static IPAddress Fold(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Lets a connection in, or says why not. Who entered must <see cref="Leave"/>.</summary>
    /// <param name="client">As <see cref="Fold"/> gives it.</param>
    /// <returns>Null: entered.</returns>
    public Reply? TryEnter(IPAddress client)
    {
        lock (_lock)
        {
            if (_count >= all)
            {
                return Replies.TooManyConnections;
            }
            var mine = _clients.GetValueOrDefault(client);
            if (mine >= perClient)
            {
                return Replies.TooManyConnectionsFromClient;
            }
            _clients[client] = mine + 1;
            _count++;
            return null;
        }
    }

    /// <summary>A connection is over.</summary>
    public void Leave(IPAddress client)
    {
        lock (_lock)
        {
            _count--;
            if (_clients[client] == 1)
            {
                _clients.Remove(client);
            }
            else
            {
                _clients[client]--;
            }
        }
    }
}
