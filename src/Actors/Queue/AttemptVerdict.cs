using MailCluster.Actors.Delivery;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Notifications;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>What an attempt means for each recipient of an entry, for the entry and for its domain: computed from what the peers said, by nothing else.</summary>
/// <param name="Changed">Recipients whose status or detail changed; null where all that were open have been delivered and nobody need be told, which the spool records without garbage.</param>
/// <param name="Open">Recipients that stay open.</param>
/// <param name="ReportOwed">True where a report has become owed.</param>
/// <param name="PutOff">True where a recipient that stays open was refused for now, or could not be tried: the attempt counts.</param>
/// <param name="WithDomain">True where that was because no host could be reached, not by a refusal of its own.</param>
/// <param name="Domain">What the domain's delivery actor is to hear.</param>
internal readonly record struct AttemptVerdict(
    IReadOnlyList<RecipientOutcome>? Changed, int Open, bool ReportOwed, bool PutOff, bool WithDomain, DeliveryProtocol.AttemptsOutcome Domain)
{
    /// <summary>Why recipients that no peer spoke of were not tried to the end; null where there is no such reason.</summary>
    public DeliveryFailure? Failure { get; init; }

    private static readonly Reply Expiry = new(451, new EnhancedStatusCode(4, 4, 7), "delivery time expired");

    /// <summary>Judges an attempt.</summary>
    /// <param name="delivery">The entry, as opened before the attempt.</param>
    /// <param name="outcomes">What peers said.</param>
    /// <param name="failure">Why the others were not tried to the end; null where they may stay as they are.</param>
    /// <param name="expired">True where the lifetime is over: what would be put off has failed.</param>
    /// <param name="now">The time that details bear.</param>
    public static AttemptVerdict Of(SpooledDelivery delivery, IReadOnlyList<AttemptOutcome> outcomes, DeliveryFailure? failure, bool expired, DateTimeOffset now)
    {
        var recipients = delivery.Envelope.Destinations[delivery.Destination].Recipients;
        var openBefore = 0;
        foreach (var recipient in delivery.Recipients)
        {
            openBefore += recipient.Status == RecipientStatus.Open ? 1 : 0;
        }
        if (IsPlain(delivery, recipients, outcomes, openBefore))
        {
            return new(null, 0, false, false, false, DeliveryProtocol.AttemptsOutcome.Reached);
        }

        var changed = new List<RecipientOutcome>(openBefore);
        var judged = new HashSet<int>();
        var open = 0;
        var owed = false;
        var refused = false;
        var unreached = false;
        foreach (var outcome in outcomes)
        {
            if (IsOpen(delivery, outcome.Recipient) && judged.Add(outcome.Recipient))
            {
                var of = outcome.Failure is { } refusal
                    ? Failed(delivery, recipients[outcome.Recipient], outcome.Recipient, refusal, expired, now)
                    : Accepted(delivery, recipients[outcome.Recipient], outcome, now);
                refused |= of.Status == RecipientStatus.Open;
                Count(of);
            }
        }
        foreach (var recipient in delivery.Recipients)
        {
            if (recipient.Status != RecipientStatus.Open || judged.Contains(recipient.Recipient))
            {
                continue;
            }
            if (failure is not null)
            {
                var of = Failed(delivery, recipients[recipient.Recipient], recipient.Recipient, failure, expired, now);
                unreached |= of.Status == RecipientStatus.Open;
                Count(of);
            }
            else if (expired)
            {
                Count(Expired(delivery, recipients[recipient.Recipient], recipient, null, now));
            }
            else
            {
                open++;
            }
        }
        return new(changed, open, owed, refused || unreached, unreached && !refused && failure!.Scope >= FailureScope.Host, DomainOf(outcomes, failure)) { Failure = failure };

        void Count(RecipientOutcome outcome)
        {
            changed.Add(outcome);
            open += outcome.Status == RecipientStatus.Open ? 1 : 0;
            owed |= outcome.Status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed;
        }
    }

    /// <summary>What the domain's delivery actor is to hear of an attempt. Who talked to us is up, whatever it said; a host that refuses for good (a 5xx greeting) is up, too.</summary>
    public static DeliveryProtocol.AttemptsOutcome DomainOf(IReadOnlyList<AttemptOutcome> outcomes, DeliveryFailure? failure)
    {
        foreach (var outcome in outcomes)
        {
            if (outcome.Failure is null or { Scope: FailureScope.Recipient or FailureScope.Transaction })
            {
                return DeliveryProtocol.AttemptsOutcome.Reached;
            }
            failure ??= outcome.Failure;
        }
        return failure switch
        {
            null => DeliveryProtocol.AttemptsOutcome.None,
            { Scope: < FailureScope.Host } => DeliveryProtocol.AttemptsOutcome.Reached,
            { IsPermanent: true, IsLocal: false } => DeliveryProtocol.AttemptsOutcome.Reached,
            _ => DeliveryProtocol.AttemptsOutcome.Unreachable,
        };
    }

    private static bool IsPlain(SpooledDelivery delivery, IReadOnlyList<Recipient> recipients, IReadOnlyList<AttemptOutcome> outcomes, int openBefore)
    {
        if (outcomes.Count != openBefore || openBefore == 0)
        {
            return false;
        }
        var previous = -1;
        for (var i = 0; i < outcomes.Count; i++)
        {
            var outcome = outcomes[i];
            if (outcome.Failure is not null || outcome.Recipient <= previous || !IsOpen(delivery, outcome.Recipient)
                || OwesRelayReport(delivery, recipients[outcome.Recipient], outcome.Peer))
            {
                return false;
            }
            previous = outcome.Recipient;       // in ascending order, so none is named twice
        }
        return true;
    }

    private static bool IsOpen(SpooledDelivery delivery, int recipient)
    {
        // Recipients stand in the order of their numbers.
        var (low, high) = (0, delivery.Recipients.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var there = delivery.Recipients[middle];
            if (there.Recipient == recipient)
            {
                return there.Status == RecipientStatus.Open;
            }
            (low, high) = there.Recipient < recipient ? (middle + 1, high) : (low, middle - 1);
        }
        return false;
    }

    private static RecipientOutcome Accepted(SpooledDelivery delivery, Recipient recipient, in AttemptOutcome outcome, DateTimeOffset now) =>
        OwesRelayReport(delivery, recipient, outcome.Peer)
            ? new(outcome.Recipient, RecipientStatus.RelayedReportOwed, new(outcome.Accepted!, outcome.Peer.Host, now))
            : new(outcome.Recipient, RecipientStatus.Delivered, null);

    /// <summary>RFC 3464 section 2.3.6: what we found out ourselves must not be told as if the peer had said it.</summary>
    private static string? Speaker(DeliveryFailure? failure) => failure is { IsLocal: false } ? failure.RemoteMta : null;

    private static RecipientOutcome Failed(SpooledDelivery delivery, Recipient recipient, int number, DeliveryFailure failure, bool expired, DateTimeOffset now)
    {
        var detail = new OutcomeDetail(failure.Reply, Speaker(failure), now, expired && !failure.IsPermanent);
        return failure.IsPermanent || expired
            ? new(number, EndOf(delivery, recipient), detail)
            : new(number, RecipientStatus.Open, detail);
    }

    private static RecipientOutcome Expired(SpooledDelivery delivery, Recipient recipient, RecipientOutcome before, DeliveryFailure? reason, DateTimeOffset now) =>
        new(before.Recipient, EndOf(delivery, recipient), new(before.Detail?.Reply ?? reason?.Reply ?? Expiry, before.Detail is { } last ? last.RemoteMta : Speaker(reason), now, Expired: true));

    /// <summary>Judges an entry whose lifetime has ended while no attempt was under way: each open recipient has failed, for its last reason, or that of its domain, or none but time.</summary>
    public static AttemptVerdict OfExpiry(SpooledDelivery delivery, DeliveryFailure? reason, DateTimeOffset now)
    {
        var recipients = delivery.Envelope.Destinations[delivery.Destination].Recipients;
        var changed = new List<RecipientOutcome>(delivery.Recipients.Length);
        var owed = false;
        foreach (var recipient in delivery.Recipients)
        {
            if (recipient.Status == RecipientStatus.Open)
            {
                var of = Expired(delivery, recipients[recipient.Recipient], recipient, reason, now);
                owed |= of.Status == RecipientStatus.FailedReportOwed;
                changed.Add(of);
            }
        }
        return new(changed, 0, owed, false, false, DeliveryProtocol.AttemptsOutcome.None);
    }

    private static RecipientStatus EndOf(SpooledDelivery delivery, Recipient recipient) =>
        ReportPolicy.ReportsFailure(delivery.Envelope.ReversePath, recipient.Parameters.Notify) ? RecipientStatus.FailedReportOwed : RecipientStatus.FailedUnreported;

    private static bool OwesRelayReport(SpooledDelivery delivery, Recipient recipient, OutboundPeer peer) =>
        ReportPolicy.ReportsRelay(delivery.Envelope.ReversePath, recipient.Parameters.Notify, peer.OffersDsn);
}
