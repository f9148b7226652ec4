using System.Collections.Frozen;
using System.Net;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Sessions;

/// <summary>Who may send where. Never an open relay: what is not listed is refused.</summary>
public sealed class RelayPolicy
{
    private readonly IPNetwork[] _networks;
    private readonly FrozenSet<DomainName> _domains;

    /// <summary>Takes the lists.</summary>
    public RelayPolicy(RelayOptions options)
    {
        _networks = [.. options.Networks];
        _domains = options.Domains.ToFrozenSet();
    }

    /// <summary>True where the client may send to anyone.</summary>
    public bool MayRelay(in ClientOrigin client) => client.Standing == ClientStanding.Known && Trusts(client.Address);

    /// <summary>True where the address is in a listed network.</summary>
    /// <param name="client">As <see cref="ConnectionLimits.Fold"/> gives it.</param>
    public bool Trusts(IPAddress client)
    {
        foreach (var network in _networks)
        {
            if (network.Contains(client))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>True where anyone may send to the domain.</summary>
    public bool Serves(DomainName domain) => _domains.Contains(domain);
}
