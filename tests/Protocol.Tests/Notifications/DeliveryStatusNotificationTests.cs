using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Notifications;
using MailCluster.Protocol.Replies;
using MimeKit;

namespace MailCluster.Protocol.Tests.Notifications;

public sealed class DeliveryStatusNotificationTests
{
    private const string Original = "Received: from client\r\n\tby relay\r\nSubject: Quarterly\r\n =?utf-8?q?_r=C3=A9sum=C3=A9?=\r\nMessage-ID: <original@example.org>\r\nFrom: sender@example.org\r\n\r\nThe body\r\n.\r\n";
    private static readonly DateTimeOffset Arrived = new(2026, 11, 24, 6, 0, 0, TimeSpan.Zero);

    private static readonly FormatOptions Dos = new() { NewLineFormat = NewLineFormat.Dos };

    public static TheoryData<string> Goldens => ["failed-full", "expired-headers", "delayed", "relayed", "international"];

    [Theory]
    [MemberData(nameof(Goldens))]
    public void A_report_reads_as_it_should(string name)
    {
        var path = Path.Combine(Folder(), name + ".txt");
        var written = Text(Write(Golden(name), Original).Content).Replace("\r\n", "\n", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("WRITE_GOLDEN") is not null)
        {
            File.WriteAllText(path, written, Encoding.Latin1);      // for the eyes of whoever commits it
        }
        Assert.Equal(File.ReadAllText(path, Encoding.Latin1), written);
    }

    [Fact]
    public void A_failure_parses_back_with_every_field()
    {
        var report = Parse(Golden("failed-full"), Original);

        Assert.Equal(("Mail Delivery System", "MAILER-DAEMON@relay.example.net"), (report.Message.From.Mailboxes.Single().Name, report.Message.From.Mailboxes.Single().Address));
        Assert.Equal("sender@example.org", report.Message.To.Mailboxes.Single().Address);
        Assert.Equal("0123456789abcdef-2a@relay.example.net", report.Message.MessageId);
        Assert.Equal("original@example.org", report.Message.InReplyTo);
        Assert.Equal("auto-replied", report.Message.Headers["Auto-Submitted"]);
        Assert.Equal(new(2026, 11, 24, 6, 52, 15, TimeSpan.Zero), report.Message.Date);
        Assert.Equal("delivery-status", report.Report.ReportType);

        Assert.Equal(("dns; relay.example.net", "QQ314159", "Tue, 24 Nov 2026 06:00:00 +0000"), (report.Status[0]["Reporting-MTA"], report.Status[0]["Original-Envelope-Id"], report.Status[0]["Arrival-Date"]));
        Assert.Equal(
            [
                ("Original-Recipient", "rfc822;Bob@example.com"),
                ("Final-Recipient", "rfc822; bob@example.net"),
                ("Action", "failed"),
                ("Status", "5.1.1"),
                ("Remote-MTA", "dns; mx1.example.net"),
                ("Diagnostic-Code", "smtp; 550 5.1.1 No such user here, and a very long explanation that does not fit into one line at all"),
                ("Last-Attempt-Date", "Tue, 24 Nov 2026 06:52:00 +0000"),
                ("Final-Log-ID", "0123456789abcdef-7"),
            ],
            report.Status[1].Select(field => (field.Field, field.Value)));
        Assert.Equal(
            [("Final-Recipient", "rfc822; \"quoted bob\"@example.net"), ("Action", "failed"), ("Status", "5.0.0"), ("Diagnostic-Code", "X-MailCluster; 550 Nobody to try"), ("Final-Log-ID", "0123456789abcdef-7")],
            report.Status[2].Select(field => (field.Field, field.Value)));
        Assert.Equal(3, report.Status.Count);

        using var returned = new MemoryStream();
        Assert.IsType<MessagePart>(report.Report[2]).Message!.WriteTo(Dos, returned, TestContext.Current.CancellationToken);
        Assert.Equal(Original, Text(returned.ToArray()));
        Assert.Equal(new(BodyType.SevenBit, false, ContentTraits.HasLeadingDot), report.Needs);
    }

    [Fact]
    public void A_delay_says_until_when()
    {
        var report = Parse(Golden("delayed"), Original);
        Assert.Equal(("delayed", "4.4.1", "Sun, 29 Nov 2026 06:00:00 +0000"), (report.Status[1]["Action"], report.Status[1]["Status"], report.Status[1]["Will-Retry-Until"]));
        Assert.Contains("until Sunday, 29 November 2026, 06:00 UTC", report.Human.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("do not send it again", report.Human.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Equal("text/rfc822-headers", report.Report[2].ContentType.MimeType);
    }

    [Theory]
    [InlineData(550, 5, 1, 1, false, "5.1.1")]
    [InlineData(550, 0, 0, 0, false, "5.0.0")]
    [InlineData(550, 4, 2, 2, false, "5.2.2")]        // the class is the reply's, not the peer's invention
    [InlineData(451, 4, 3, 0, true, "4.4.7")]
    [InlineData(554, 5, 4, 7, true, "5.4.7")]
    [InlineData(0, 0, 0, 0, true, "5.4.7")]
    [InlineData(0, 0, 0, 0, false, "5.0.0")]
    public void A_failure_has_the_class_of_its_reply(int code, byte type, ushort subject, ushort detail, bool expired, string expected)
    {
        var reply = code == 0 ? null : new Reply(code, new(type, subject, detail), "text");
        var report = Parse(Report([new("b@example.net", null, reply, "mx.example.net", Arrived, expired)]), Original);
        Assert.Equal(expected, report.Status[1]["Status"]);
    }

    [Theory]
    [InlineData(DeliveryAction.Delayed, 451, "4.2.1")]
    [InlineData(DeliveryAction.Delayed, 550, "4.2.1")]
    [InlineData(DeliveryAction.Relayed, 250, "2.2.1")]
    public void Delays_and_relays_have_their_own_class(DeliveryAction action, int code, string expected) =>
        Assert.Equal(expected, Parse(Report([new("b@example.net", null, new Reply(code, new((byte)(code / 100), 2, 1), "x"), "mx", Arrived)]) with { Action = action }, Original).Status[1]["Status"]);

    [Theory]
    [InlineData("x\r\nBcc: victim@example.com\r\n\r\nbody")]
    [InlineData("\r\n--=_0123456789abcdef-2a_0--\r\n\r\n")]
    [InlineData("\0\u0007\u001b[2J \u202e\u2066 \ud800 \u2028")]
    [InlineData("a\nb\rc")]
    public void Text_of_others_adds_no_field_and_ends_no_part(string hostile)
    {
        var clean = Parse(Report([new("b@example.net", "rfc822;b@example.net", new Reply(550, default, "x"), "mx", Arrived)]), Original);
        var report = Parse(
            Report([new("b@example.net", "rfc822;" + hostile, new Reply(550, default, [hostile, hostile]), hostile, Arrived)]) with { Original = new(EnvelopeId: hostile) },
            $"Subject: {hostile.ReplaceLineEndings("\r\n ")}\r\nMessage-ID: <{hostile}>\r\n\r\n");

        Assert.Equal(3, report.Report.Count);
        Assert.Equal(clean.Message.Headers.Select(field => field.Field).Where(field => field is not ("In-Reply-To" or "References")), report.Message.Headers.Select(field => field.Field));
        Assert.Equal(["Reporting-MTA", "Original-Envelope-Id", "Arrival-Date"], report.Status[0].Select(field => field.Field));
        Assert.Equal(clean.Status[1].Select(field => field.Field), report.Status[1].Select(field => field.Field));
        Assert.Equal(2, report.Status.Count);
        Assert.DoesNotContain(report.Human, letter => letter is '\u202e' or '\u2066' or '\u001b' or '\0' or '\u2028');
    }

    [Theory]
    [InlineData("no header end")]
    [InlineData("\r\n")]
    [InlineData("")]
    [InlineData("Bare: line\nfeed: and\rreturn\0\r\n\r\nbody")]
    [InlineData("--=_0123456789abcdef-2a_0\r\n--=_0123456789abcdef-2a_0--\r\n\r\n--=_0123456789abcdef-2a_1\r\n")]
    [InlineData("Eight: \u00e9\u00ff\r\n\r\nbody")]
    public void Whatever_the_original_was_the_report_is_whole_and_the_original_comes_back(string original)
    {
        foreach (var ret in Enum.GetValues<ReturnContent>())
        {
            var notification = Golden("failed-full") with { Original = new(Return: ret) };
            var (content, needs) = Write(notification, original);
            var report = Parse(notification, original);

            Assert.Equal(3, report.Report.Count);
            AssertMayTravel(content, needs);
            var header = original.StartsWith("\r\n", StringComparison.Ordinal) ? "" : original.IndexOf("\r\n\r\n", StringComparison.Ordinal) is var end and >= 0 ? original[..(end + 2)] : original;
            var isFull = ret == ReturnContent.Full && !original.Contains("Bare", StringComparison.Ordinal);
            Assert.Equal(isFull ? original : header, Returned(content));
        }
    }

    [Fact]
    public void A_long_line_is_returned_encoded()
    {
        var original = "X: " + new string('x', 5000) + "\r\nY: a \r\n\r\n";
        var (content, needs) = Write(Report([Failed]), original);
        AssertMayTravel(content, needs);
        Assert.Equal(original[..^2], Returned(content));
    }

    [Fact]
    public void A_message_over_the_cap_gives_its_header_only_and_a_huge_header_is_cut_at_a_line()
    {
        var large = "Subject: x\r\n\r\n" + string.Concat(Enumerable.Repeat("0123456789\r\n", 5000));
        Assert.Equal("Subject: x\r\n", Returned(Write(Golden("failed-full"), large).Content));

        var header = string.Concat(Enumerable.Repeat("X-Field: 0123456789\r\n", 10_000));
        var returned = Returned(Write(Golden("failed-full"), header).Content);
        Assert.InRange(returned.Length, DeliveryStatusNotification.Beginning - 21, DeliveryStatusNotification.Beginning);
        Assert.EndsWith("9\r\n", returned, StringComparison.Ordinal);
    }

    [Fact]
    public void An_eight_bit_message_that_is_returned_needs_8bitmime_and_keeps_its_octets()
    {
        const string Body = "Subject: x\r\n\r\n\u00e9\r\n";
        var (content, needs) = Write(Golden("failed-full"), Body);
        Assert.Equal((BodyType.EightBitMime, ContentTraits.EightBitBody), (needs.Body, needs.Traits & ContentTraits.EightBitBody));
        Assert.Equal(Body, Returned(content));
        Assert.Equal("message/global", Parse(Golden("failed-full") with { Original = new(Return: ReturnContent.Full, SmtpUtf8: true) }, "Subject: \u00c3\u00a9\r\n\r\n").Report[2].ContentType.MimeType);
        Assert.Equal(BodyType.SevenBit, Write(Report([Failed]), Body).Needs.Body);
    }

    [Fact]
    public void A_sender_beyond_ascii_needs_smtputf8()
    {
        var report = Parse(Report([Failed]) with { ReversePath = new("josé@example.org") }, Original);
        Assert.Equal((true, ContentTraits.EightBitHeader), (report.Needs.SmtpUtf8, report.Needs.Traits));
        Assert.Equal("josé@example.org", report.Message.To.Mailboxes.Single().Address);
    }

    [Fact]
    public void A_thousand_recipients_of_one_fate_are_listed_together()
    {
        var report = Parse(Report([.. Enumerable.Range(0, 1000).Select(n => Failed with { Address = $"user{n}@example.net" })]), Original);
        Assert.Equal(1001, report.Status.Count);
        Assert.Equal(1, report.Human.Split("No such user").Length - 1);
        Assert.Contains("the 1000 recipients below", report.Human.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void Quoted_printable_is_exact_for_any_octets()
    {
        var random = new Random(4711);
        for (var round = 0; round < 300; round++)
        {
            var octets = new byte[random.Next(400)];
            for (var i = 0; i < octets.Length; i++)
            {
                octets[i] = random.Next(4) switch { 0 => (byte)random.Next(256), 1 => "\r\n =.\t"u8[random.Next(6)], _ => (byte)'a' };
            }
            var encoded = new ArrayBufferWriter<byte>();
            QuotedPrintable.Encode(octets, encoded);
            Assert.All(Text(encoded.WrittenSpan.ToArray()).Split("\r\n"), line => Assert.True(line.Length <= 76 && !line.StartsWith('.') && !line.EndsWith(' ') && line.All(letter => letter is '\t' or >= ' ' and <= '~'), line));
            Assert.Equal(octets, Decode(encoded.WrittenSpan.ToArray()));
        }
    }

    private static NotifiedRecipient Failed => new("b@example.net", null, new Reply(550, new(5, 1, 1), "No such user"), "mx.example.net", Arrived);

    private static DeliveryStatusNotification Report(IReadOnlyList<NotifiedRecipient> recipients) => new()
    {
        Action = DeliveryAction.Failed,
        Hostname = "relay.example.net",
        Id = "0123456789abcdef-2a",
        Date = new(2026, 11, 24, 6, 52, 15, TimeSpan.Zero),
        ReversePath = new("sender@example.org"),
        Original = MailParameters.None,
        QueueId = "0123456789abcdef-7",
        Arrived = Arrived,
        Recipients = recipients,
    };

    private static DeliveryStatusNotification Golden(string name) => name switch
    {
        "failed-full" => Report(
            [
                new("bob@example.net", "rfc822;Bob@example.com", new Reply(550, new(5, 1, 1), ["No such user here, and a very long explanation", "that does not fit into one line at all"]), "mx1.example.net", Arrived.AddMinutes(52)),
                new("\"quoted bob\"@example.net", null, new Reply(550, default, "Nobody to try"), null, null),
            ]) with { Original = new(Return: ReturnContent.Full, EnvelopeId: "QQ314159") },
        "expired-headers" => Report([new("bob@example.net", null, new Reply(451, new(4, 7, 1), "Greylisted, come back"), "mx1.example.net", Arrived.AddDays(5), Expired: true)]) with { Date = Arrived.AddDays(5) },
        "delayed" => Report([new("bob@example.net", null, new Reply(451, new(4, 4, 1), "Connection timed out"), null, Arrived.AddHours(4))]) with { Action = DeliveryAction.Delayed, Until = Arrived.AddDays(5) },
        "relayed" => Report([new("bob@example.net", null, new Reply(250, new(2, 0, 0), "Ok: queued as 12345"), "mx1.example.net", Arrived.AddMinutes(1))]) with { Action = DeliveryAction.Relayed },
        _ => Report([new("用户@例え.jp", "utf-8;jos\u00e9+x@example.com", new Reply(550, new(5, 6, 7), "Kein Gr\u00fc\u00dfen"), "mx.example.jp", Arrived)]) with { ReversePath = new("sender@bücher.example"), Original = new(SmtpUtf8: true) },
    };

    private static (byte[] Content, NotificationNeeds Needs) Write(DeliveryStatusNotification notification, string original)
    {
        var output = new ArrayBufferWriter<byte>();
        var octets = Encoding.Latin1.GetBytes(original);
        var needs = notification.Write(output, octets.AsSpan(0, Math.Min(octets.Length, DeliveryStatusNotification.Beginning)), octets.Length <= DeliveryStatusNotification.Beginning);
        return (output.WrittenSpan.ToArray(), needs);
    }

    private static Parsed Parse(DeliveryStatusNotification notification, string original)
    {
        var (content, needs) = Write(notification, original);
        AssertMayTravel(content, needs);
        var message = MimeMessage.Load(new MemoryStream(content));
        var report = Assert.IsType<MultipartReport>(message.Body);
        return new(message, report, Assert.IsType<TextPart>(report[0]).Text, Assert.IsType<MessageDeliveryStatus>(report[1]).StatusGroups, needs);
    }

    /// <summary>Lines of at most 998 octets, ended by CRLF and nothing else; and the needs are the truth.</summary>
    private static void AssertMayTravel(byte[] content, NotificationNeeds needs)
    {
        var text = Text(content);
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 998 && line.IndexOfAny(['\r', '\n', '\0']) < 0, line));
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var traits = (text.Contains("\r\n.", StringComparison.Ordinal) ? ContentTraits.HasLeadingDot : 0)
            | (text[..end].Any(letter => letter > 127) ? ContentTraits.EightBitHeader : 0)
            | (text[end..].Any(letter => letter > 127) ? ContentTraits.EightBitBody : 0);
        Assert.Equal(traits, needs.Traits);
    }

    /// <summary>The octets of the third part, its transfer encoding undone.</summary>
    private static string Returned(byte[] content)
    {
        var text = Text(content);
        var boundary = "\r\n--" + text.Split("boundary=\"")[1].Split('"')[0];
        var part = text.Split(boundary + "\r\n")[3].Split(boundary + "--")[0];
        var end = part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var body = part[(end + 4)..];
        return part[..end].Contains("quoted-printable", StringComparison.Ordinal) ? Text(Decode(Encoding.Latin1.GetBytes(body))) : body;
    }

    private static byte[] Decode(byte[] encoded)
    {
        var octets = new List<byte>();
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != '=')
            {
                octets.Add(encoded[i]);
            }
            else if (encoded[i + 1] == '\r')
            {
                i += 2;
            }
            else
            {
                octets.Add(Convert.FromHexString(Encoding.ASCII.GetString(encoded, i + 1, 2))[0]);
                i += 2;
            }
        }
        return [.. octets];
    }

    private static string Text(byte[] octets) => Encoding.Latin1.GetString(octets);

    private static string Folder([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "Golden");

    private sealed record Parsed(MimeMessage Message, MultipartReport Report, string Human, HeaderListCollection Status, NotificationNeeds Needs);
}
