using System.Collections.Concurrent;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Handover;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>Some messages on their way to one receiver: marked, sent, and then ended, put back, or left for the inquiry, as the receiver says.</summary>
internal sealed class HandoverBatch(HandoverParts parts, HandoverStock stock, HandoverInquiry inquiry, HandoverPeer peer)
{
    private readonly record struct Sent(string? Sender, string Recipient, int Recipients, string Destination, long Size, DateTimeOffset Arrived);

    private readonly ConcurrentDictionary<string, Sent> _sent = new(StringComparer.Ordinal);
    private readonly List<DonorVerdict> _verdicts = [];
    private readonly HashSet<HandoverId> _unsent = [];

    /// <summary>Gives them away.</summary>
    /// <param name="connection">To the receiver.</param>
    /// <param name="messages">What was taken from the stock.</param>
    /// <param name="unreadable">Told of messages that cannot be read: they are not tried again.</param>
    /// <param name="handed">Told once for each that is the receiver's now.</param>
    /// <exception cref="IOException">The receiver takes no more for now, or cannot be reached, or our disk fails; the messages are accounted for all the same.</exception>
    public async Task GiveAsync(DonorConnection connection, IReadOnlyList<QueueId> messages, Action<QueueId> unreadable, Action handed)
    {
        IReadOnlyList<HandingOver> marked;
        try
        {
            marked = await parts.Spool.MarkAsync(messages, peer.Receiver).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Some may have been marked by the same call; what is not is found again by the next look at the spool.
            var marks = messages.ToHashSet();
            inquiry.Add(parts.Spool.MarkedMessages().Where(message => marks.Contains(message.Id.Message)));
            throw;
        }
        try
        {
            await connection.SendAsync(parts.Spool, marked, Sending, _verdicts.Add, (message, cause) => LeaveOut(message, cause, unreadable)).ConfigureAwait(false);
        }
        finally
        {
            await SettleAsync(marked, handed).ConfigureAwait(false);
        }
        if (_verdicts.Find(static verdict => verdict.Kind == DonorVerdictKind.Deferred && !IsItsOwn(verdict)) is { Reply: { } reply })
        {
            throw new IOException(reply.ToString());
        }
    }

    /// <summary>True where a refusal is about the message; else it is about the receiver.</summary>
    private static bool IsItsOwn(in DonorVerdict verdict) => verdict.Kind == DonorVerdictKind.Refused || verdict.Reply is { Code: HandoverReplies.BusyCode };

    private void Sending(SpooledMessage message)
    {
        var first = message.Envelope.Destinations[0];
        var open = message.Entries.Sum(static entry => entry.Recipients.Count(static recipient => recipient.Status == RecipientStatus.Open));
        _sent[message.Id.ToString()] = new(
            message.Envelope.ReversePath.Address, first.Recipients[0].Path.Address, open, first.Domain.Value, message.Content.Length, message.Envelope.Arrived);
    }

    private void LeaveOut(HandingOver message, Exception? cause, Action<QueueId> unreadable)
    {
        _unsent.Add(message.Id);
        if (cause is not null)
        {
            unreadable(message.Id.Message);
            parts.Logger.Damaged(message.Id.Message, cause);
        }
    }

    private async Task SettleAsync(IReadOnlyList<HandingOver> marked, Action handed)
    {
        var verdicts = _verdicts.ToDictionary(static verdict => verdict.Id, StringComparer.Ordinal);
        List<HandoverId> taken = [], kept = [.. _unsent];
        List<HandingOver> unknown = [];
        foreach (var message in marked)
        {
            if (verdicts.TryGetValue(message.Id.Message.ToString(), out var verdict))
            {
                (verdict.Kind == DonorVerdictKind.Taken ? taken : kept).Add(message.Id);
            }
            else if (!_unsent.Contains(message.Id))
            {
                unknown.Add(message);
            }
        }
        try
        {
            await parts.Spool.EndHandedOverAsync(taken).ConfigureAwait(false);
            Tell(taken, handed);
            await parts.Spool.KeepAsync(kept).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Our disk: what was not written is still marked, and the receiver will say the same again.
            inquiry.Add(marked);
            throw;
        }
        foreach (var message in kept.Where(message => !_unsent.Contains(message)))
        {
            var verdict = verdicts[message.Message.ToString()];
            if (IsItsOwn(verdict))
            {
                stock.Refuse(message.Message, peer.Spool);
                parts.Logger.Refused(message.Message, peer.Receiver, verdict.Reply!.ToString());
            }
            stock.Put([message.Message]);
        }
        inquiry.Add(unknown);
    }

    private void Tell(List<HandoverId> taken, Action handed)
    {
        var now = parts.Time.GetUtcNow();
        foreach (var id in taken)
        {
            handed();
            var sent = _sent[id.Message.ToString()];
            parts.Events.Write(new FateEvent
            {
                Type = FateEventType.HandedOver,
                At = now,
                Id = id.Message,
                Sender = sent.Sender,
                Recipient = sent.Recipient,
                Recipients = sent.Recipients,
                Destination = sent.Destination,
                PeerName = peer.Name,
                PeerAddress = $"{peer.Host}:{peer.Port}",
                Size = sent.Size,
                InQueue = now - sent.Arrived,
            });
            parts.Logger.HandedOver(id.Message, peer.Receiver);
        }
    }
}
