using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;

namespace MailCluster.Spool;

/// <summary>What was accepted with a message besides its content. Never changes; what becomes of it is told by outcomes.</summary>
/// <param name="ReversePath">Where reports go.</param>
/// <param name="Parameters">The parameters of MAIL.</param>
/// <param name="Arrived">When the end of data was received.</param>
/// <param name="Origin">How it came to us.</param>
/// <param name="Destinations">The recipients by destination, at least one. Their order is their number in entries.</param>
public sealed record Envelope(ReversePath ReversePath, MailParameters Parameters, DateTimeOffset Arrived, MessageOrigin Origin, ImmutableArray<EnvelopeDestination> Destinations)
{
    /// <summary>For a report of ours: the recipients of another message whose report this is. Null for all other mail. The commit of this message is at the same time the record that they have been reported.</summary>
    public ReportOf? Report { get; init; }
}
