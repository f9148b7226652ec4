using System.Collections.Immutable;

namespace MailCluster.Spool;

/// <summary>A message that has not ended, as it stands on the disk.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Envelope">Its envelope.</param>
/// <param name="Size">Octets of content.</param>
/// <param name="Destinations">Where its recipients stand, in the order of the envelope.</param>
public sealed record InspectedMessage(QueueId Id, Envelope Envelope, long Size, ImmutableArray<InspectedDestination> Destinations)
{
    /// <summary>Where it is marked as handing over: for whom, and by which handover.</summary>
    public HandingOver? HandingOver { get; init; }
}
