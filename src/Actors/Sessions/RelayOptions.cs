using System.Collections.Immutable;
using System.Net;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Sessions;

/// <summary>Who may relay (<c>mailcluster.relay</c>). Everyone else is refused: never an open relay.</summary>
public sealed class RelayOptions
{
    /// <summary>Clients in these networks may send to anyone. Default: 127.0.0.0/8 and ::1/128.</summary>
    public ImmutableArray<IPNetwork> Networks { get; init; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>Anyone may send to these domains. Default: none.</summary>
    public ImmutableArray<DomainName> Domains { get; init; } = [];
}
