using System.Globalization;

namespace MailCluster.Actors.Handover;

/// <summary>A member that can be given mail, or be asked about mail.</summary>
/// <param name="Name">Host and port of its cluster address, for people.</param>
/// <param name="Host">The host of its internal listener.</param>
/// <param name="Port">The port there.</param>
/// <param name="Spool">The id of its spool.</param>
/// <param name="Ticket">What to show there.</param>
/// <param name="Takes">False while it takes no mail.</param>
public sealed record HandoverPeer(string Name, string Host, int Port, ulong Spool, string Ticket, bool Takes)
{
    /// <summary>The host of its cluster address.</summary>
    public string ClusterHost => Name[..Name.LastIndexOf(':')];

    /// <summary>The name in the marks of messages: it stays over restarts, and people can read it.</summary>
    public string Receiver => string.Create(CultureInfo.InvariantCulture, $"{Spool:x16} {Name}");

    /// <summary>The spool that a mark names; 0 where it was not made here.</summary>
    public static ulong SpoolOf(string receiver) =>
        receiver.Length >= 16 && ulong.TryParse(receiver.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var spool) ? spool : 0;
}
