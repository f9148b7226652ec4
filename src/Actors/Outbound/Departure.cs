using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Outbound;

/// <summary>Why a connection to a host is over.</summary>
internal abstract record Departure
{
    private Departure() { }

    /// <summary>In order: asked to close, idle too long, enough messages. QUIT is due.</summary>
    public sealed record Finished : Departure;

    /// <summary>The peer closed while nothing ran: no failure, work goes on over a new connection.</summary>
    public sealed record PeerClosed : Departure;

    /// <summary>This host is no good now. The next address or host may do.</summary>
    public sealed record HostFailed(DeliveryFailure Failure) : Departure;

    /// <summary>4xx to MAIL: another host may take the message. QUIT is due.</summary>
    public sealed record MailPutOff(DeliveryFailure Failure) : Departure;

    /// <summary>We broke off in the middle of content that can no longer be read: no host is to blame.</summary>
    public sealed record BrokenOff : Departure;
}
