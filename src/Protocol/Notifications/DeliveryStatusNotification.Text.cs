using System.Globalization;
using System.Text;

namespace MailCluster.Protocol.Notifications;

/// <summary>What does a person read?</summary>
public sealed partial record DeliveryStatusNotification
{
    private const int Width = 72;

    private string ForPeople(string subject, bool isHeaderOnly)
    {
        var text = new StringBuilder(1000 + 100 * Recipients.Count);
        var whom = Recipients.Count == 1 ? "the recipient below" : string.Create(CultureInfo.InvariantCulture, $"the {Recipients.Count} recipients below");
        Paragraph(text, $"This is the mail system at {Hostname}.");
        switch (Action)
        {
            case DeliveryAction.Failed:
                Paragraph(text, $"Your message could not be delivered to {whom}. It will not be tried again. If it is still needed, see the reason, correct what can be corrected, and send it anew.");
                break;
            case DeliveryAction.Delayed:
                Paragraph(text, $"Your message has not been delivered yet to {whom}. There is nothing you need to do, and please do not send it again: it is still being tried{(Until is { } until ? $", until {ForPeople(until)}" : "")}.");
                break;
            default:
                Paragraph(text, $"Your message was handed over, for {whom}, to a host that does not report deliveries. It has most likely arrived, but no further confirmation will come. There is nothing you need to do.");
                break;
        }
        text.Append("Message accepted: ").Append(ForPeople(Arrived)).Append("\r\n");
        if (subject.Length > 0)
        {
            text.Append("Subject: ").Append(subject).Append("\r\n");
        }
        text.Append("Queue id: ").Append(QueueId).Append("\r\n");

        // Who met the same fate is told of together.
        foreach (var alike in Recipients.GroupBy(recipient => (recipient.RemoteMta, Reply: recipient.Reply?.ToString(), recipient.Expired)))
        {
            text.Append("\r\n");
            foreach (var recipient in alike)
            {
                text.Append("  <").Append(PlainLine.ForPeople(recipient.Address, 500)).Append(">\r\n");
            }
            Reason(text, alike.First());
        }
        text.Append("\r\n");
        Paragraph(text, isHeaderOnly ? "The header of your message is attached." : "Your message is attached.");
        text.Length -= 2;
        return text.ToString();
    }

    private void Reason(StringBuilder text, NotifiedRecipient recipient)
    {
        var meaning = recipient.Reply is null ? null : StatusMeaning.Of(recipient.Reply.Status is { IsPresent: true } status ? status with { Class = (byte)(recipient.Reply.Code / 100) } : StatusOf(recipient));
        if (recipient.Expired)
        {
            Wrap(text, 4, "The time for its delivery ran out." + (meaning is null || recipient.Reply!.Status is { Subject: 4, Detail: 7 } ? "" : $" The last attempt failed because {meaning}."));
        }
        else if (Action == DeliveryAction.Failed)
        {
            Wrap(text, 4, meaning is null ? "Not delivered." : $"Not delivered because {meaning}.");
        }
        else if (Action == DeliveryAction.Delayed)
        {
            Wrap(text, 4, meaning is null ? "Not delivered yet." : $"Not delivered yet because {meaning}.");
        }
        if (recipient.Reply is { } reply)
        {
            Wrap(text, 4, recipient.RemoteMta is { } host ? $"{PlainLine.ForPeople(host, 255)} {(Action == DeliveryAction.Relayed ? "took it and said:" : "said:")}" : "This mail system found:");
            Wrap(text, 8, PlainLine.ForPeople(reply.ToString(), LongestDiagnostic));
        }
    }

    private static void Paragraph(StringBuilder text, string words)
    {
        Wrap(text, 0, words);
        text.Append("\r\n");
    }

    /// <summary>Breaks words into lines that begin with so many blanks. Text of others is never at the start of a line.</summary>
    private static void Wrap(StringBuilder text, int indent, string words)
    {
        var column = 0;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(900).Select(part => new string(part))))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                text.Append("\r\n");
                column = 0;
            }
            text.Append(' ', column == 0 ? indent : 1).Append(word);
            column += (column == 0 ? indent : 1) + word.Length;
        }
        text.Append("\r\n");
    }

    private static string ForPeople(DateTimeOffset time) => time.UtcDateTime.ToString("dddd, d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
