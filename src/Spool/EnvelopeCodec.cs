using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;

namespace MailCluster.Spool;

/// <summary>
/// The envelope in a record. First stand the destinations with their number of recipients, which is all that a recovery needs; then the rest.
/// Fields may be added behind; a reader takes what it knows.
/// </summary>
internal static class EnvelopeCodec
{
    private const byte SmtpUtf8 = 1;
    private const byte HasSize = 2;
    private const byte OwnDomain = 1;

    /// <summary>Writes an envelope.</summary>
    public static void Write(ByteWriter target, Envelope envelope)
    {
        target.Number(envelope.Destinations.Length);
        foreach (var destination in envelope.Destinations)
        {
            target.String(destination.Domain.Value);
            target.Number(destination.Recipients.Length);
        }
        target.String(envelope.ReversePath.Address);
        var parameters = envelope.Parameters;
        target.Byte((byte)((parameters.SmtpUtf8 ? SmtpUtf8 : 0) | (parameters.Size is null ? 0 : HasSize)));
        target.Number((ulong)(parameters.Size ?? 0));
        target.Byte((byte)parameters.Body);
        target.Byte((byte)parameters.Return);
        target.String(parameters.EnvelopeId);
        Time(target, envelope.Arrived);
        target.String(envelope.Origin.Session);
        target.String(envelope.Origin.PeerAddress);
        target.String(envelope.Origin.ClientName);
        target.String(envelope.Origin.Protocol);
        foreach (var destination in envelope.Destinations)
        {
            foreach (var recipient in destination.Recipients)
            {
                var own = recipient.Path.Domain != destination.Domain;
                target.Byte(own ? OwnDomain : (byte)0);
                target.String(recipient.Path.Address);
                if (own)
                {
                    target.String(recipient.Path.Domain.Value);
                }
                target.Byte((byte)recipient.Parameters.Notify);
                target.String(recipient.Parameters.OriginalRecipient);
            }
        }
        target.Byte(envelope.Report is null ? (byte)0 : (byte)1);
        if (envelope.Report is { } report)
        {
            target.Byte((byte)report.Kind);
            target.Fixed64(report.Id.Spool);
            target.Number(report.Id.Number);
            target.Number(report.Recipients.Length);
            foreach (var recipient in report.Recipients)
            {
                target.Number(recipient.Destination);
                target.Number(recipient.Recipient);
            }
        }
    }

    /// <summary>Reads an envelope; null where it cannot be one.</summary>
    public static Envelope? Read(ref ByteReader source)
    {
        var destinations = new EnvelopeDestination[source.Count()];
        var counts = new int[destinations.Length];
        var domains = new DomainName[destinations.Length];
        for (var i = 0; i < destinations.Length; i++)
        {
            domains[i] = new(source.Text());
            counts[i] = source.Count();
        }
        var reversePath = new ReversePath(source.Text());
        var flags = source.Byte();
        var size = (long)source.Number();
        var parameters = new MailParameters(
            (flags & HasSize) != 0 ? size : null, (BodyType)source.Byte(), (flags & SmtpUtf8) != 0, (ReturnContent)source.Byte(), source.String());
        var arrived = Time(ref source);
        var origin = new MessageOrigin(source.Text(), source.Text(), source.Text(), source.Text());
        for (var i = 0; i < destinations.Length && !source.Failed; i++)
        {
            var recipients = new Recipient[counts[i]];
            for (var j = 0; j < recipients.Length && !source.Failed; j++)
            {
                var own = source.Byte() == OwnDomain;
                var address = source.Text();
                var domain = own ? new DomainName(source.Text()) : domains[i];
                var notify = (Notify)source.Byte();
                var original = source.String();
                recipients[j] = new(new(address, domain), notify == Notify.Unspecified && original is null ? RcptParameters.None : new(notify, original));
            }
            destinations[i] = new(domains[i], Frozen(recipients));
        }
        ReportOf? report = null;
        if (source.Byte() == 1)
        {
            var kind = (ReportKind)source.Byte();
            var id = new QueueId(source.Fixed64(), source.Number());
            var recipients = new ReportedRecipient[source.Count()];
            for (var i = 0; i < recipients.Length; i++)
            {
                recipients[i] = new(source.Int(), source.Int());
            }
            report = new(kind, id, Frozen(recipients));
        }
        return source.Failed ? null : new(reversePath, parameters, arrived, origin, Frozen(destinations)) { Report = report };
    }

    /// <summary>Writes a reply.</summary>
    public static void WriteReply(ByteWriter target, Reply reply)
    {
        target.Number(reply.Code);
        target.Byte(reply.Status.Class);
        target.Number(reply.Status.Subject);
        target.Number(reply.Status.Detail);
        target.Number(reply.Lines.Length);
        foreach (var line in reply.Lines)
        {
            target.String(line);
        }
    }

    /// <summary>Reads a reply.</summary>
    public static Reply ReadReply(ref ByteReader source)
    {
        var code = source.Int();
        var status = new EnhancedStatusCode(source.Byte(), (ushort)source.Number(), (ushort)source.Number());
        var lines = new string[source.Count()];
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = source.Text();
        }
        return new(code, status, Frozen(lines));
    }

    /// <summary>Writes a time with its offset.</summary>
    public static void Time(ByteWriter target, DateTimeOffset time)
    {
        target.Fixed64((ulong)time.UtcTicks);
        target.Number((int)time.Offset.TotalMinutes + 1000);
    }

    /// <summary>Reads a time.</summary>
    public static DateTimeOffset Time(ref ByteReader source)
    {
        var ticks = (long)source.Fixed64();
        var minutes = source.Int() - 1000;
        return ticks < TimeSpan.TicksPerDay || ticks > DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay || minutes is < -840 or > 840
            ? default
            : new DateTimeOffset(ticks, TimeSpan.Zero).ToOffset(TimeSpan.FromMinutes(minutes));
    }

    private static ImmutableArray<T> Frozen<T>(T[] array) => System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(array);
}
