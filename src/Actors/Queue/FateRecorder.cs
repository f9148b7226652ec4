using System.Globalization;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Queue;

/// <summary>Writes down what became of recipients: in the spool, the event log, and one log line for each recipient and attempt, in the operator's order.</summary>
internal sealed partial class FateRecorder(Spool.Spool spool, EventLog events, ILogger logger)
{
    /// <summary>Records an attempt or an end without one.</summary>
    public void Record(in RecordedVerdict recorded, SpooledDelivery delivery, IReadOnlyList<AttemptOutcome> outcomes, string? site, DateTimeOffset now)
    {
        if (recorded.Verdict.Changed is not { } changed)
        {
            spool.RecordDelivered(recorded.Entry);
            for (var i = 0; i < outcomes.Count; i++)
            {
                var outcome = outcomes[i];
                Tell(FateEventType.Delivery, "sent", delivery, outcome.Recipient, outcome.Peer, outcome.Accepted, recorded, site, now);
            }
            return;
        }
        if (changed.Count > 0 || recorded.Verdict.PutOff)
        {
            spool.Record(new(recorded.Entry, recorded.Attempts, recorded.NextAttempt, changed));
        }
        var said = outcomes.Count > 0 ? outcomes.GroupBy(o => o.Recipient).ToDictionary(g => g.Key, g => g.First()) : null;
        for (var i = 0; i < changed.Count; i++)
        {
            var change = changed[i];
            var outcome = said is not null && said.TryGetValue(change.Recipient, out var found) ? found : default;
            var (type, status) = FateOf(change);
            Tell(type, status, delivery, change.Recipient, outcome.Peer, change.Detail?.Reply ?? outcome.Accepted, recorded, site, now);
        }
    }

    private static (FateEventType Type, string Status) FateOf(in RecipientOutcome change) => change.Status switch
    {
        RecipientStatus.Delivered or RecipientStatus.RelayedReportOwed => (FateEventType.Delivery, "sent"),
        RecipientStatus.Open => (FateEventType.TransientFailure, "deferred"),
        _ when change.Detail is { Expired: true } => (FateEventType.Expiration, "expired"),
        _ => (FateEventType.Bounce, "bounced"),
    };

    private void Tell(
        FateEventType type, string status, SpooledDelivery delivery, int recipient, OutboundPeer? peer, Reply? reply, in RecordedVerdict recorded, string? site, DateTimeOffset now)
    {
        var destination = delivery.Envelope.Destinations[delivery.Destination];
        var path = destination.Recipients[recipient].Path.Address;
        var delay = now - delivery.Envelope.Arrived;
        // Where no session came about, the host that was tried is the peer.
        var failure = peer is null ? recorded.Verdict.Failure : null;
        var host = peer?.Host ?? failure?.RemoteMta;
        var address = peer?.AddressText ?? failure?.Address;
        events.Write(new()
        {
            Type = type,
            At = now,
            Id = delivery.Id,
            Sender = delivery.Envelope.ReversePath.Address,
            Recipient = path,
            Destination = destination.Domain.Value,
            Site = site,
            PeerName = host,
            PeerAddress = address,
            Tls = peer?.Tls,
            Reply = reply,
            Attempts = recorded.Attempts,
            InQueue = delay,
            Size = delivery.Content.Length,
            Session = peer?.Session,
            NextAttempt = type == FateEventType.TransientFailure ? recorded.NextAttempt : null,
        });
        if (logger.IsEnabled(LogLevel.Information))
        {
            Attempt(logger, delivery.Id, path, host is null ? "none" : $"{host}[{address}]", delay.TotalSeconds, DsnOf(type, reply), status, reply);
        }
    }

    /// <summary>The status code for the log: the peer's, or what its reply code says in general (RFC 3463 section 3.1).</summary>
    private static string DsnOf(FateEventType type, Reply? reply) => type switch
    {
        FateEventType.Expiration => "5.4.7",
        _ when reply is null => "2.0.0",
        _ when reply.Status.IsPresent => reply.Status.ToString(),
        _ => string.Create(CultureInfo.InvariantCulture, $"{reply.Code / 100}.0.0"),
    };

    /// <summary>A message has been set aside as damaged: its recipients of this destination are not tried any more.</summary>
    public void TellDamaged(EntryRef entry, Exception exception) => Damaged(logger, entry.Index, exception);

    /// <summary>The disk did not give an entry.</summary>
    public void TellUnreadable(EntryRef entry, Exception exception) => Unreadable(logger, entry.Index, exception);

    /// <summary>The queue actor has failed by a bug.</summary>
    public void TellFailed(Exception exception) => Failed(logger, exception);

    [LoggerMessage(3001, LogLevel.Information, "{QueueId} to=<{Recipient}> relay={Relay} delay={Delay:0.00} dsn={Dsn} status={Status} reply={Reply}")]
    private static partial void Attempt(ILogger logger, QueueId queueId, string recipient, string relay, double delay, string dsn, string status, Reply? reply);

    [LoggerMessage(3002, LogLevel.Error, "Entry {Entry} is damaged and has been set aside; it is no longer queued")]
    private static partial void Damaged(ILogger logger, int entry, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "Entry {Entry} could not be read; it is tried again")]
    private static partial void Unreadable(ILogger logger, int entry, Exception exception);

    [LoggerMessage(3004, LogLevel.Critical, "A queue actor has failed; the node stops, so that its start finds all mail again")]
    private static partial void Failed(ILogger logger, Exception exception);
}
