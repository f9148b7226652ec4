using System.Collections.Immutable;

namespace MailCluster.Spool;

/// <summary>All that an attempt needs: an entry's message and those of its recipients that are open (or, for a report, owed). Dispose it when the attempt is over.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Id">The message.</param>
/// <param name="Envelope">The message's envelope, whole.</param>
/// <param name="Destination">The number of the entry's destination in it.</param>
/// <param name="Recipients">The recipients that are not closed, by number, with their last detail.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="Content">The content.</param>
public sealed record SpooledDelivery(
    EntryRef Entry, QueueId Id, Envelope Envelope, int Destination, ImmutableArray<RecipientOutcome> Recipients, int Attempts, SpooledContent Content) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Content.Dispose();
}
