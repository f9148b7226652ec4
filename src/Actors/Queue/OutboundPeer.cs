using System.Net;

namespace MailCluster.Actors.Queue;

/// <summary>The other side of an outbound connection, for logs, events and reports.</summary>
/// <param name="Host">The mail exchanger's name.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Tls">Protocol and cipher; null in clear text.</param>
/// <param name="OffersDsn">True where it takes DSN parameters, and so reports success itself.</param>
/// <param name="Session">Our id of the connection.</param>
public sealed record OutboundPeer(string Host, IPEndPoint Address, string? Tls, bool OffersDsn, string Session)
{
    /// <summary><see cref="Address"/> as text, made once for a connection instead of once for a message.</summary>
    public string AddressText => field ??= Address.ToString();
}
