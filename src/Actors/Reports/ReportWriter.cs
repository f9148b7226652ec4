using System.Buffers;
using System.Collections.Immutable;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Notifications;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Reports;

/// <summary>
/// Writes the reports of one message and commits each to the spool, which at the same time closes the recipients that it speaks of. At most
/// <see cref="RecipientsPerReport"/> recipients go into one; the memory is that of one report, whatever the message has.
/// </summary>
internal sealed partial class ReportWriter(ReportActorParts parts)
{
    /// <summary>Recipients that one report speaks of at most; more make further reports.</summary>
    public const int RecipientsPerReport = 1000;

    private static readonly MessageOrigin Local = new("", "", "", "local");
    private static readonly RcptParameters NeverNotify = new(Notify.Never);

    /// <summary>Writes all that the spool says is owed. May be repeated: what was committed before is owed no more.</summary>
    /// <exception cref="IOException">The spool did not take a report: what it speaks of is still owed.</exception>
    public async Task WriteAsync(GatheredReport gathered, DateTimeOffset now, CancellationToken stop)
    {
        using var drafts = new Drafts(this, gathered.Id, now);
        foreach (var entry in gathered.Owed)
        {
            using var delivery = await OpenAsync(gathered.Id, entry, stop).ConfigureAwait(false);
            if (delivery is null)
            {
                continue;
            }
            if (!TryGetDomain(delivery.Envelope.ReversePath, out var domain))
            {
                Close(delivery, now);
                continue;
            }
            foreach (var recipient in delivery.Recipients)
            {
                if (recipient.Status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed)
                {
                    await drafts.AddAsync(recipient.Status == RecipientStatus.FailedReportOwed ? ReportKind.Failed : ReportKind.Relayed, delivery, domain, recipient, null, stop).ConfigureAwait(false);
                }
            }
        }
        foreach (var (entry, until) in gathered.Delayed)
        {
            using var delivery = await OpenAsync(gathered.Id, entry, stop).ConfigureAwait(false);
            if (delivery is null || !TryGetDomain(delivery.Envelope.ReversePath, out var domain))
            {
                continue;
            }
            foreach (var recipient in delivery.Recipients)
            {
                var notify = delivery.Envelope.Destinations[delivery.Destination].Recipients[recipient.Recipient].Parameters.Notify;
                if (recipient.Status == RecipientStatus.Open && ReportPolicy.ReportsDelay(delivery.Envelope.ReversePath, notify))
                {
                    await drafts.AddAsync(ReportKind.Delayed, delivery, domain, recipient, until, stop).ConfigureAwait(false);
                }
            }
        }
        await drafts.CommitAllAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Says that a report waits, and why.</summary>
    public void TellPutOff(QueueId id, Exception cause, TimeSpan wait)
    {
        if (cause is IOException or ObjectDisposedException or OperationCanceledException)
        {
            LogPutOff(parts.Logger, id, wait.TotalSeconds, cause.Message);
        }
        else
        {
            LogBroken(parts.Logger, id, wait.TotalSeconds, cause);
        }
    }

    /// <summary>Opens an entry of the message; null where it has ended, its place belongs to another by now, or it is damaged.</summary>
    private async ValueTask<SpooledDelivery?> OpenAsync(QueueId id, EntryRef entry, CancellationToken stop)
    {
        try
        {
            var delivery = await parts.Spool.OpenAsync(entry, stop).ConfigureAwait(false);
            if (delivery.Id == id)
            {
                return delivery;
            }
            delivery.Dispose();
        }
        catch (ArgumentException)
        {
            // Ended.
        }
        catch (InvalidDataException damage)
        {
            LogDamaged(parts.Logger, id, damage.Message);
        }
        return null;
    }

    private static bool TryGetDomain(ReversePath reversePath, out DomainName domain)
    {
        domain = default;
        return !reversePath.IsNull && reversePath.Address.LastIndexOf('@') is var at and >= 0 && DomainName.TryParse(reversePath.Address[(at + 1)..], out domain);
    }

    /// <summary>Ends recipients whom nobody can be told of: no report is ever sent to the null reverse-path (RFC 5321 section 4.5.5).</summary>
    private void Close(SpooledDelivery delivery, DateTimeOffset now)
    {
        RecipientOutcome[] ended =
        [
            .. delivery.Recipients
                .Where(recipient => recipient.Status is RecipientStatus.FailedReportOwed or RecipientStatus.RelayedReportOwed)
                .Select(recipient => recipient with { Status = recipient.Status == RecipientStatus.FailedReportOwed ? RecipientStatus.FailedUnreported : RecipientStatus.Delivered }),
        ];
        if (ended.Length > 0)
        {
            parts.Spool.Record(new(delivery.Entry, delivery.Attempts, now, ended));
        }
    }

    private async ValueTask CommitAsync(QueueId of, DateTimeOffset now, Draft draft, ReadOnlyMemory<byte> beginning, bool isWhole, CancellationToken stop)
    {
        using var writer = await parts.Spool.BeginAsync(stop).ConfigureAwait(false);
        var notification = new DeliveryStatusNotification
        {
            Action = draft.Kind switch { ReportKind.Failed => DeliveryAction.Failed, ReportKind.Delayed => DeliveryAction.Delayed, _ => DeliveryAction.Relayed },
            Hostname = parts.Hostname,
            Id = writer.Id.ToString(),
            Date = now,
            ReversePath = draft.Original.ReversePath,
            Original = draft.Original.Parameters,
            QueueId = of.ToString(),
            Arrived = draft.Original.Arrived,
            Recipients = draft.Recipients,
            Until = draft.Until,
        };
        var needs = notification.Write(writer, beginning.Span, isWhole);
        await writer.DrainAsync(stop).ConfigureAwait(false);
        var (id, size) = (writer.Id, writer.Length);
        var address = draft.Original.ReversePath.Address;
        await writer.CommitAsync(
            new(ReversePath.Null, new(Body: needs.Body, SmtpUtf8: needs.SmtpUtf8), now, Local, [new(draft.Domain, [new(new(address, draft.Domain), NeverNotify)])])
            {
                Report = new(draft.Kind, of, draft.Reported.ToImmutable()),
            },
            needs.Traits).ConfigureAwait(false);
        parts.Events.Write(new() { Type = FateEventType.Reception, At = now, Id = id, Sender = "", Recipient = address, Recipients = 1, Destination = draft.Domain.Value, Size = size });
        LogWritten(parts.Logger, id, address, draft.Kind, of, draft.Recipients.Count);
    }

    /// <summary>One report in the making.</summary>
    private sealed class Draft(ReportKind kind, Envelope original, DomainName domain, DateTimeOffset? until)
    {
        public ReportKind Kind => kind;

        public Envelope Original => original;

        public DomainName Domain => domain;

        public DateTimeOffset? Until => until;

        public List<NotifiedRecipient> Recipients { get; } = [];

        public ImmutableArray<ReportedRecipient>.Builder Reported { get; } = ImmutableArray.CreateBuilder<ReportedRecipient>();
    }

    /// <summary>The reports of a message in the making, one of each kind, and what they return of it, which is read once.</summary>
    private sealed class Drafts(ReportWriter writer, QueueId id, DateTimeOffset now) : IDisposable
    {
        private readonly Draft?[] _drafts = new Draft?[3];
        private byte[]? _beginning;
        private int _length;
        private bool _isWhole;

        public async ValueTask AddAsync(ReportKind kind, SpooledDelivery delivery, DomainName domain, RecipientOutcome outcome, DateTimeOffset? until, CancellationToken stop)
        {
            if (_beginning is null)
            {
                await ReadAsync(delivery.Content, stop).ConfigureAwait(false);
            }
            var draft = _drafts[(int)kind] ??= new(kind, delivery.Envelope, domain, until);
            var recipient = delivery.Envelope.Destinations[delivery.Destination].Recipients[outcome.Recipient];
            draft.Recipients.Add(new(recipient.Path.Address, recipient.Parameters.OriginalRecipient, outcome.Detail?.Reply, outcome.Detail?.RemoteMta, outcome.Detail?.At, outcome.Detail?.Expired ?? false));
            draft.Reported.Add(new(delivery.Destination, outcome.Recipient));
            if (draft.Recipients.Count == RecipientsPerReport)
            {
                await CommitAsync(kind, stop).ConfigureAwait(false);
            }
        }

        public async ValueTask CommitAllAsync(CancellationToken stop)
        {
            foreach (var kind in Enum.GetValues<ReportKind>())
            {
                await CommitAsync(kind, stop).ConfigureAwait(false);
            }
        }

        public void Dispose()
        {
            if (_beginning is not null)
            {
                ArrayPool<byte>.Shared.Return(_beginning);
            }
        }

        private async ValueTask CommitAsync(ReportKind kind, CancellationToken stop)
        {
            if (_drafts[(int)kind] is { } draft)
            {
                _drafts[(int)kind] = null;
                await writer.CommitAsync(id, now, draft, _beginning.AsMemory(0, _length), _isWhole, stop).ConfigureAwait(false);
            }
        }

        private async ValueTask ReadAsync(SpooledContent content, CancellationToken stop)
        {
            _beginning = ArrayPool<byte>.Shared.Rent(DeliveryStatusNotification.Beginning);
            var limit = (int)Math.Min(content.Length, DeliveryStatusNotification.Beginning);
            while (_length < limit && await content.ReadAsync(_length, _beginning.AsMemory(_length, limit - _length), stop).ConfigureAwait(false) is > 0 and var read)
            {
                _length += read;
            }
            _isWhole = _length == content.Length;
        }
    }

    [LoggerMessage(2201, LogLevel.Information, "{QueueId} to={Recipient} is the report that of {Original} were {Kind}: {Recipients} recipients")]
    private static partial void LogWritten(ILogger logger, QueueId queueId, string recipient, ReportKind kind, QueueId original, int recipients);

    [LoggerMessage(2202, LogLevel.Warning, "{QueueId}: its report is still owed and is tried again in {Seconds} s: {Reason}")]
    private static partial void LogPutOff(ILogger logger, QueueId queueId, double seconds, string reason);

    [LoggerMessage(2203, LogLevel.Error, "{QueueId}: its report is still owed and is tried again in {Seconds} s: it could not be written")]
    private static partial void LogBroken(ILogger logger, QueueId queueId, double seconds, Exception cause);

    [LoggerMessage(2204, LogLevel.Error, "{QueueId}: nothing can be reported of it: {Reason}")]
    private static partial void LogDamaged(ILogger logger, QueueId queueId, string reason);
}
