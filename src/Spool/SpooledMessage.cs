using System.Collections.Immutable;

namespace MailCluster.Spool;

/// <summary>A whole message as it stands, to be handed over. Dispose it when that is done.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Envelope">Its envelope.</param>
/// <param name="Entries">Where its recipients stand, in the order of the envelope's destinations. What was told before the call is in it.</param>
/// <param name="HandingOver">The mark, where it is marked.</param>
/// <param name="Content">The content.</param>
public sealed record SpooledMessage(QueueId Id, Envelope Envelope, ImmutableArray<EntryStanding> Entries, HandingOver? HandingOver, SpooledContent Content) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Content.Dispose();
}
