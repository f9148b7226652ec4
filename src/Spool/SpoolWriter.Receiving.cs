using System.Collections.Immutable;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <content>A message that another node hands over: it comes with its id, and with where each of its entries stands.</content>
public sealed partial class SpoolWriter
{
    /// <summary>The commit point of a message that was received by handover (<see cref="Spool.BeginReceivingAsync"/>): as <see cref="CommitAsync"/>, with where its entries stand, one for each
    /// destination of the envelope and at least one of them not ended. The queue gets what is open when it is due, counted from the original arrival.</summary>
    /// <exception cref="IOException">Nothing of the message is kept, and the handover counts as not received: answer 451.</exception>
    public ValueTask CommitReceivedAsync(Envelope envelope, ContentTraits traits, ImmutableArray<EntryStanding> entries)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        if (Handover is not { } handover)
        {
            throw new InvalidOperationException("The message is not received by handover.");
        }
        ObjectDisposedException.ThrowIf(_content is null || _committing, this);
        States = StatesOf(envelope, entries);
        _entries = entries;
        _spool.BeginCommit(this, handover);
        try
        {
            return CommitAnyAsync(envelope, traits);
        }
        catch
        {
            // Where nothing has been begun, whoever waits must not wait for ever.
            Abandon();
            throw;
        }
    }

    private static StateRecord?[] StatesOf(Envelope envelope, ImmutableArray<EntryStanding> entries)
    {
        if (entries.IsDefault || entries.Length != envelope.Destinations.Length)
        {
            throw new ArgumentException("There is one entry for each destination of the envelope.", nameof(entries));
        }
        var states = new StateRecord?[entries.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = entries[i];
            if (entry.HasEnded)
            {
                continue;
            }
            var total = envelope.Destinations[i].Recipients.Length;
            if (entry.Recipients.Length != total || entry.Recipients.Where(static (recipient, number) => recipient.Recipient != number || recipient.Status > RecipientStatus.Removed).Any())
            {
                throw new ArgumentException("An entry that has not ended names all its recipients, in the order of the envelope.", nameof(entries));
            }
            var open = entry.Recipients.Count(static recipient => recipient.Status == RecipientStatus.Open);
            var owed = entry.Recipients.Count(static recipient => recipient.Status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed);
            if (open + owed > 0)
            {
                states[i] = new(entry.DelayReported ? StateFlags.DelayReported : 0, Math.Max(0, entry.Attempts), entry.NextAttempt, total, open, owed, 0, 0, 0);
            }
        }
        return Array.TrueForAll(states, static state => state is null) ? throw new ArgumentException("The message has ended.", nameof(entries)) : states;
    }

    private void EndReceiving()
    {
        if (Handover is not null)
        {
            _spool.EndReceiving(this);
            _settled!.TrySetResult();
        }
    }
}
