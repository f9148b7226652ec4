using System.Buffers;
using System.Globalization;
using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Notifications;

/// <summary>
/// A report to the sender of a message about what became of some of its recipients: a whole message (RFC 5322) of type multipart/report (RFC 6522) with a part
/// for people, a part for programs (RFC 3464) and the original or its header. Text that came from others can neither add fields nor end a part.
/// </summary>
public sealed partial record DeliveryStatusNotification
{
    /// <summary>Octets of the original's beginning that <see cref="Write"/> can use.</summary>
    public const int Beginning = ReturnedContent.LargestHeader;

    private const int LongestDiagnostic = 1000;

    /// <summary>What is told of all recipients.</summary>
    public required DeliveryAction Action { get; init; }

    /// <summary>This host: Reporting-MTA, and the domain of From and Message-ID.</summary>
    public required string Hostname { get; init; }

    /// <summary>Names the report: the left half of its Message-ID. Letters, digits, dash, dot.</summary>
    public required string Id { get; init; }

    /// <summary>When it is written.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>The reverse-path of the original, never null.</summary>
    public required ReversePath ReversePath { get; init; }

    /// <summary>The parameters of MAIL of the original: RET, ENVID, SMTPUTF8.</summary>
    public required MailParameters Original { get; init; }

    /// <summary>The queue id of the original.</summary>
    public required string QueueId { get; init; }

    /// <summary>When the original was accepted.</summary>
    public required DateTimeOffset Arrived { get; init; }

    /// <summary>Whom it is about, at least one.</summary>
    public required IReadOnlyList<NotifiedRecipient> Recipients { get; init; }

    /// <summary>For a delay: until when it is tried.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Writes the report.</summary>
    /// <param name="output">Takes the content.</param>
    /// <param name="beginning">The original's first octets: <see cref="Beginning"/> of them, or all there are.</param>
    /// <param name="isWhole">True where that is all of it.</param>
    /// <returns>What its envelope must say.</returns>
    public NotificationNeeds Write(IBufferWriter<byte> output, ReadOnlySpan<byte> beginning, bool isWhole)
    {
        var writer = new NotificationOutput(output);
        var returned = ReturnedContent.Choose(Action, Original, beginning, isWhole);
        var header = OriginalHeader.Of(beginning, isWhole);
        var boundary = Boundary(returned.Octets);

        writer.Write(Header(OriginalHeader.MessageId(header), boundary));
        writer.EndHeader();
        writer.Write($"This is a report in the form of RFC 6522; its first part is for people.\r\n\r\n--{boundary}\r\n");
        WriteText(writer, ForPeople(OriginalHeader.Subject(header), returned.MediaType == "text/rfc822-headers"));
        writer.Write($"\r\n--{boundary}\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n");
        writer.Write(ForPrograms());
        var description = returned.MediaType == "text/rfc822-headers" ? "Header of the message" : "The message";
        writer.Write($"\r\n--{boundary}\r\nContent-Description: {description}\r\nContent-Type: {returned.MediaType}\r\nContent-Transfer-Encoding: {returned.Encoding}\r\n\r\n");
        if (returned.Encoding == "quoted-printable")
        {
            QuotedPrintable.Encode(returned.Octets, writer);
        }
        else
        {
            writer.Write(returned.Octets);
        }
        writer.Write($"\r\n--{boundary}--\r\n");

        var traits = writer.Traits;
        return new(
            traits.HasFlag(ContentTraits.EightBitBody) ? BodyType.EightBitMime : BodyType.SevenBit,
            traits.HasFlag(ContentTraits.EightBitHeader),
            traits);
    }

    private string Header(string inReplyTo, string boundary)
    {
        var subject = Action switch
        {
            DeliveryAction.Failed => "Undelivered mail: your message did not arrive",
            DeliveryAction.Delayed => "Delayed mail: your message is still being tried",
            _ => "Relayed mail: your message was handed on",
        };
        var reply = inReplyTo.Length > 0 ? $"In-Reply-To: {inReplyTo}\r\nReferences: {inReplyTo}\r\n" : "";
        // RFC 3834 section 5. The reverse-path was checked by the parser; what a line cannot hold would be our own fault and must not become a field.
        return $"""
            From: Mail Delivery System <MAILER-DAEMON@{Hostname}>
            To: <{ReversePath.Address.ReplaceLineEndings("")}>
            Subject: {subject}
            Date: {Rfc5322(Date)}
            Message-ID: <{Id}@{Hostname}>
            {reply}Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status;
             boundary="{boundary}"


            """.ReplaceLineEndings("\r\n");
    }

    /// <summary>The message/delivery-status part: fields of the message, then of each recipient (RFC 3464 section 2).</summary>
    private string ForPrograms()
    {
        var text = new StringBuilder(200 + 300 * Recipients.Count);
        Field(text, "Reporting-MTA", $"dns; {Hostname}");
        if (Original.EnvelopeId is { } envelopeId)
        {
            Field(text, "Original-Envelope-Id", PlainLine.Ascii(envelopeId, 500));
        }
        Field(text, "Arrival-Date", Rfc5322(Arrived));
        foreach (var recipient in Recipients)
        {
            text.Append("\r\n");
            if (recipient.OriginalRecipient is { } original)
            {
                Field(text, "Original-Recipient", OriginalRecipient(original));
            }
            Field(text, "Final-Recipient", Ascii.IsValid(recipient.Address) ? $"rfc822; {PlainLine.Ascii(recipient.Address, 500)}" : $"utf-8; {Commands.OriginalRecipient.Escape(recipient.Address)}");
            Field(text, "Action", Action switch { DeliveryAction.Failed => "failed", DeliveryAction.Delayed => "delayed", _ => "relayed" });
            Field(text, "Status", StatusOf(recipient).ToString());
            if (recipient.RemoteMta is { } host)
            {
                Field(text, "Remote-MTA", $"dns; {PlainLine.Ascii(host, 255)}");
            }
            if (recipient.Reply is { } reply)
            {
                // Section 2.3.6: type smtp is for what a peer said; what we found out ourselves is of a type of our own.
                Field(text, "Diagnostic-Code", $"{(recipient.RemoteMta is null ? "X-MailCluster" : "smtp")}; {PlainLine.Ascii(reply.ToString(), LongestDiagnostic)}");
            }
            if (recipient.LastAttempt is { } attempt)
            {
                Field(text, "Last-Attempt-Date", Rfc5322(attempt));
            }
            Field(text, "Final-Log-ID", QueueId);
            if (Action == DeliveryAction.Delayed && Until is { } until)
            {
                Field(text, "Will-Retry-Until", Rfc5322(until));
            }
        }
        return text.ToString();
    }

    /// <summary>The Status of a recipient: its class is the reply's, whatever the peer wrote into the enhanced code (RFC 3463 section 2).</summary>
    internal EnhancedStatusCode StatusOf(NotifiedRecipient recipient)
    {
        var status = recipient.Reply?.Status ?? default;
        var (subject, detail) = recipient.Expired ? ((ushort)4, (ushort)7) : status.IsPresent ? (status.Subject, status.Detail) : ((ushort)0, (ushort)0);
        var ofReply = recipient.Reply?.Code is >= 200 and < 600 and var code ? (byte)(code / 100) : (byte)0;
        return Action switch
        {
            DeliveryAction.Failed => new(ofReply is 4 or 5 ? ofReply : (byte)5, subject, detail),
            DeliveryAction.Delayed => new(4, subject, detail),
            _ => new(2, subject, detail),
        };
    }

    private static string OriginalRecipient(string original)
    {
        var semicolon = original.IndexOf(';', StringComparison.Ordinal);
        var (type, address) = semicolon > 0 ? (original[..semicolon], original[(semicolon + 1)..]) : ("rfc822", original);
        return Ascii.IsValid(address)
            ? $"{PlainLine.Ascii(type, 50)};{PlainLine.Ascii(address, 500)}"
            : $"utf-8;{Commands.OriginalRecipient.Escape(address)}";
    }

    /// <summary>Appends a field, folded between words near column 76; a word that no line could hold is cut.</summary>
    private static void Field(StringBuilder text, string name, string body)
    {
        text.Append(name).Append(':');
        var column = name.Length + 1;
        foreach (var word in body.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            for (var rest = word.AsSpan(); rest.Length > 0;)
            {
                var part = rest[..Math.Min(rest.Length, 900)];
                if (column + 1 + part.Length > 76 && column > name.Length + 1)
                {
                    text.Append("\r\n");
                    column = 0;
                }
                text.Append(' ').Append(part);
                column += 1 + part.Length;
                rest = rest[part.Length..];
            }
        }
        text.Append("\r\n");
    }

    private static void WriteText(NotificationOutput writer, string text)
    {
        writer.Write("Content-Description: Notification\r\n");
        if (Ascii.IsValid(text))
        {
            writer.Write("Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n");
            writer.Write(text);
        }
        else
        {
            writer.Write("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
            QuotedPrintable.Encode(Encoding.UTF8.GetBytes(text), writer);
        }
    }

    /// <summary>A line that no part has (RFC 2046 section 5.1.1): <c>=_</c> cannot stand in quoted-printable, all other lines of ours begin otherwise, and the original is searched.</summary>
    private string Boundary(ReadOnlySpan<byte> original)
    {
        for (var n = 0; ; n++)
        {
            var boundary = string.Create(CultureInfo.InvariantCulture, $"=_{Id}_{n}");
            if (original.IndexOf(Encoding.UTF8.GetBytes("--" + boundary)) < 0)
            {
                return boundary;
            }
        }
    }

    private static string Rfc5322(DateTimeOffset time) => time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);
}
