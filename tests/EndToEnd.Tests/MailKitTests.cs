using MailCluster.EndToEnd.Tests.Support;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCluster.EndToEnd.Tests;

/// <summary>MailKit as the client: a parser of replies that is not ours.</summary>
public class MailKitTests
{
    [Fact]
    public async Task An_internationalised_mail_with_an_attachment_arrives_whole()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        var message = new MimeMessage { Subject = "Grüße aus 東京" };
        message.From.Add(new MailboxAddress("Ä", "päivi@a.test"));
        message.To.Add(new MailboxAddress("Ö", "jörg@bücher.test"));
        var attachment = new byte[100_000];
        Random.Shared.NextBytes(attachment);
        message.Body = new BodyBuilder { TextBody = ".Hej\n..\n", Attachments = { { "a.bin", attachment } } }.ToMessageBody();
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", node.SmtpPort, SecureSocketOptions.None);
        Assert.True(client.Capabilities.HasFlag(SmtpCapabilities.Pipelining | SmtpCapabilities.EightBitMime | SmtpCapabilities.UTF8 | SmtpCapabilities.Chunking
            | SmtpCapabilities.Dsn | SmtpCapabilities.EnhancedStatusCodes | SmtpCapabilities.Size));
        var format = FormatOptions.Default.Clone();
        format.International = true;
        var reply = await client.SendAsync(format, message);
        Assert.Contains("queued as", reply, StringComparison.Ordinal);
        await client.DisconnectAsync(quit: true);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail", otherwise: () => node.Log);
        var got = sink.Messages.First();
        Assert.Contains("SMTPUTF8", got.Mail, StringComparison.Ordinal);
        var parsed = await MimeMessage.LoadAsync(new MemoryStream(got.Content));
        Assert.Equal(message.Subject, parsed.Subject);
        var bytes = new MemoryStream();
        await ((MimePart)parsed.Attachments.Single()).Content!.DecodeToAsync(bytes);
        Assert.Equal(attachment, bytes.ToArray());
    }

    [Fact]
    public async Task A_hop_without_smtputf8_gets_nothing_and_the_sender_a_report_with_5_6_7()
    {
        await using var reports = new RecordingSink();
        await using var old = new RecordingSink { Extensions = ["PIPELINING", "8BITMIME"] };
        await using var node = await NodeProcess.StartAsync($$"""routes = [ { domain = "a.test", to = "127.0.0.1:{{reports.Port}}" }, { domain = "*", to = "127.0.0.1:{{old.Port}}" } ]""");
        var message = new MimeMessage { Subject = "Grüße", Body = new TextPart { Text = "x" } };
        message.From.Add(new MailboxAddress("A", "a@a.test"));
        message.To.Add(new MailboxAddress("Ö", "jörg@b.test"));
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", node.SmtpPort, SecureSocketOptions.None);
        var format = FormatOptions.Default.Clone();
        format.International = true;
        await client.SendAsync(format, message);
        await Eventually.HoldsAsync(() => reports.Messages.Count == 1, "a report", otherwise: () => node.Log);
        Assert.Contains("Status: 5.6.7", reports.Messages.First().Text, StringComparison.Ordinal);
        Assert.Empty(old.Messages);
    }

    [Fact]
    public async Task Eight_bit_content_for_a_seven_bit_hop_is_encoded_and_reads_the_same()
    {
        await using var sink = new RecordingSink { Extensions = ["PIPELINING"] };
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test",
            "From: a@a.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\u00fc\u00dfe\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail", otherwise: () => node.Log);
        Assert.DoesNotContain(sink.Messages.First().Content, octet => octet > 127);
        var parsed = await MimeMessage.LoadAsync(new MemoryStream(sink.Messages.First().Content));
        Assert.Equal("Grüße", parsed.TextBody!.TrimEnd());
    }
}
