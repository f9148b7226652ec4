using System.Globalization;
using System.Text;
using MailCluster.Spool;

namespace MailCluster.Node.Inspection;

/// <summary>What waits, as a table: a line for each message and destination with recipients that have not ended.</summary>
internal static class SpoolListing
{
    /// <summary>Heading, lines, sums. Widths suit what is common; what is wider pushes the rest of its line to the right.</summary>
    public static IEnumerable<string> Lines(IEnumerable<InspectedMessage> messages, DateTimeOffset now)
    {
        yield return Row("id", "age", "size", "status", "attempts", "next", "sender", "recipients");
        long count = 0, recipients = 0;
        foreach (var message in messages)
        {
            count++;
            for (var i = 0; i < message.Destinations.Length; i++)
            {
                var destination = message.Destinations[i];
                if (destination.HasEnded) continue;
                var envelope = message.Envelope.Destinations[i];
                List<string> waiting = [];
                for (var r = 0; r < envelope.Recipients.Length; r++)
                {
                    if (destination.Recipients[r].Status is RecipientStatus.Open or RecipientStatus.RelayedReportOwed or RecipientStatus.FailedReportOwed) waiting.Add(envelope.Recipients[r].Path.Address);
                }

                if (waiting.Count == 0) continue;
                recipients += waiting.Count;
                yield return Row(message.Id.ToString(), Span(now - message.Envelope.Arrived), Size(message.Size), message.HandingOver is null ? Status(destination) : "handing", destination.Attempts.ToString(CultureInfo.InvariantCulture),
                    message.HandingOver is { } handing ? "to " + Plain(handing.Receiver) : destination.NextAttempt <= now ? "due" : "in " + Span(destination.NextAttempt - now), Plain(message.Envelope.ReversePath.ToString()),
                    Plain(string.Join(", ", waiting.Take(3))) + (waiting.Count > 3 ? string.Create(CultureInfo.InvariantCulture, $" and {waiting.Count - 3} more") : ""));
            }
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"{count} messages, {recipients} recipients");
    }

    private static string Status(InspectedDestination destination) => destination.Recipients.Any(recipient => recipient.Status == RecipientStatus.Open)
        ? destination.Attempts == 0 ? "active" : "deferred"
        : "report owed";

    private static string Row(string id, string age, string size, string status, string attempts, string next, string sender, string recipients)
        => $"{id,-20} {age,5} {size,9} {status,-11} {attempts,8} {next,-8} {sender} {recipients}";

    /// <summary>The largest unit that gives at least one.</summary>
    private static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:F0}d"),
        { TotalHours: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:F0}h"),
        { TotalMinutes: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:F0}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, span.TotalSeconds):F0}s"),
    };

    private static string Size(long octets) => octets switch
    {
        >= 10 << 20 => string.Create(CultureInfo.InvariantCulture, $"{octets >> 20} MiB"),
        >= 10 << 10 => string.Create(CultureInfo.InvariantCulture, $"{octets >> 10} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{octets} B"),
    };

    /// <summary>Addresses come from clients: nothing in them may drive a terminal.</summary>
    private static string Plain(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var plain = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsControl(c)) plain.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else plain.Append(c);
        }

        return plain.ToString();
    }
}
