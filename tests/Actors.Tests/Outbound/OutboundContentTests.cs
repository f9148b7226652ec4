using System.Text;
using Akka.Actor;
using MailCluster.Actors.Outbound;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Tests.Support;
using MimeKit;

namespace MailCluster.Actors.Tests.Outbound;

/// <summary>Which octets arrive.</summary>
public class OutboundContentTests : OutboundSpec
{
    private const string EightBit = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße, and so on and on.\r\n.dot\r\n";

    public static TheoryData<string, int, bool> Contents()
    {
        var data = new TheoryData<string, int, bool>();
        foreach (var size in (int[])[1, 10_000, 70_000, 300_000, 700_000, 3_000_000])
        {
            data.Add("plain", size, false);
            data.Add("dots", size, false);
            data.Add("dots", size, true);
            data.Add("open", size, false);
            data.Add("open", size, true);
            data.Add("plain", size, true);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Content_arrives_octet_for_octet(string kind, int size, bool chunking)
    {
        var text = new StringBuilder();
        for (var i = 0; text.Length < size; i++)
        {
            text.Append(kind == "dots" && i % 2 == 0 ? new string('.', (i % 5) + 1) : $"line {i}").Append(i % 7 == 0 ? "\r\n\r\n" : "\r\n");
        }
        var content = Encoding.ASCII.GetBytes(kind == "open" ? text.ToString().TrimEnd() : text.ToString());
        var traits = kind switch { "dots" => ContentTraits.HasLeadingDot, "open" => ContentTraits.LacksFinalCrlf, _ => ContentTraits.None };
        var server = Server(new() { Extensions = chunking ? ["PIPELINING", "CHUNKING"] : ["PIPELINING"] });
        var outbound = Connect(Host(server));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync(["a@example.net"], content, traits)));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("b@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        var transfer = chunking && (kind != "plain" || size > 256 << 10) ? "BDAT" : "DATA";
        Assert.Equal(transfer, server.Messages[0].Transfer);
        Assert.True(server.Messages[0].Content.AsSpan().SequenceEqual([.. content, .. kind == "open" && !chunking ? "\r\n"u8 : default]));
        Assert.Equal(Body, Encoding.ASCII.GetString(server.Messages[1].Content));
    }

    [Fact]
    public async Task Content_that_only_the_disk_has_arrives_octet_for_octet()
    {
        var content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 300_000).Select(i => $".{i}\r\n")) + "no end");
        var server = Server();
        var job = await QueueAsync(["a@example.net"], content, ContentTraits.HasLeadingDot | ContentTraits.LacksFinalCrlf);
        Assert.Equal("0:250", Brief(await DeliverAsync(job, Host(server))));
        Assert.Equal([.. content, .. "\r\n"u8], Assert.Single(server.Messages).Content);
    }

    [Fact]
    public async Task A_message_larger_than_the_host_takes_is_refused_before_it_is_sent()
    {
        var server = Server(new() { Extensions = ["SIZE 20"] });
        var ended = await DeliverAsync(await QueueAsync("a@example.net", "more than twenty octets\r\n"), Host(server));
        Assert.Equal("0:552/Transaction", Brief(ended));
        Assert.True(ended.Outcomes[0].Failure!.IsLocal);
        Assert.Equal("5.3.4", ended.Outcomes[0].Failure!.Reply.Status.ToString());
        Assert.DoesNotContain(server.Commands, line => line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_size_is_declared_where_SIZE_is_offered()
    {
        var server = Server(new() { Extensions = ["SIZE"] });
        await DeliverAsync(await QueueAsync("a@example.net", "12345678\r\n"), Host(server));
        Assert.EndsWith(" SIZE=10", Assert.Single(server.Messages).Mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Eight_bit_content_goes_as_it_is_where_8BITMIME_is_offered()
    {
        var server = Server();
        await DeliverAsync(await QueueAsync(["a@example.net"], Encoding.UTF8.GetBytes(EightBit), ContentTraits.EightBitBody | ContentTraits.HasLeadingDot), Host(server));
        Assert.Contains(" BODY=8BITMIME", Assert.Single(server.Messages).Mail, StringComparison.Ordinal);
        Assert.Equal(EightBit, Encoding.UTF8.GetString(server.Messages[0].Content));
    }

    [Fact]
    public async Task Eight_bit_content_is_converted_for_a_host_without_8BITMIME()
    {
        var server = Server(new() { Extensions = ["PIPELINING", "SIZE"] });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync(["a@example.net"], Encoding.UTF8.GetBytes(EightBit), ContentTraits.EightBitBody | ContentTraits.HasLeadingDot), Host(server))));
        var message = Assert.Single(server.Messages);
        Assert.DoesNotContain("8BITMIME", message.Mail, StringComparison.Ordinal);
        Assert.EndsWith($" SIZE={message.Content.Length}", message.Mail, StringComparison.Ordinal);
        Assert.DoesNotContain(message.Content, octet => octet > 127);
        Assert.Equal("Grüße, and so on and on.\r\n.dot\r\n", MimeMessage.Load(new MemoryStream(message.Content), TestContext.Current.CancellationToken).TextBody!.ReplaceLineEndings("\r\n"));
    }

    [Fact]
    public async Task Large_eight_bit_content_is_converted_from_the_file_into_one_of_the_data_directory()
    {
        Assert.False(Directory.Exists(Temporary));
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"Zeile {i}: ä ö ü, wie es sich gehört, und noch etwas mehr davon\r\n"));
        var content = Encoding.UTF8.GetBytes("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text);
        var server = Server(new() { Extensions = ["PIPELINING"] });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync(["a@example.net"], content, ContentTraits.EightBitBody), Host(server))));
        Assert.Equal(text, MimeMessage.Load(new MemoryStream(Assert.Single(server.Messages).Content), TestContext.Current.CancellationToken).TextBody!.ReplaceLineEndings("\r\n"));
        Assert.True(Directory.Exists(Temporary));
        await AwaitAssertAsync(() => Assert.Empty(Directory.GetFiles(Temporary)), cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Signed_eight_bit_content_is_not_broken_but_refused()
    {
        const string signed = "MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n";
        var server = Server(new() { Extensions = [] });
        var ended = await DeliverAsync(await QueueAsync(["a@example.net"], Encoding.UTF8.GetBytes(signed), ContentTraits.EightBitBody), Host(server));
        Assert.Equal("0:554/Transaction", Brief(ended));
        Assert.Equal("5.6.3", ended.Outcomes[0].Failure!.Reply.Status.ToString());
        Assert.Empty(server.Messages);
    }

    [Theory]
    [InlineData("ä@a.test", "a@example.net", ContentTraits.None, false)]
    [InlineData("s@a.test", "ä@example.net", ContentTraits.None, false)]
    [InlineData("s@a.test", "a@example.net", ContentTraits.EightBitHeader, false)]
    [InlineData("s@a.test", "a@example.net", ContentTraits.None, true)]
    public async Task What_needs_SMTPUTF8_is_refused_where_it_is_not_offered(string from, string to, ContentTraits traits, bool isDeclared)
    {
        var server = Server();
        var job = await QueueAsync([to], "x\r\n"u8.ToArray(), traits, from, new MailParameters(SmtpUtf8: isDeclared));
        var ended = await DeliverAsync(job, Host(server));
        Assert.Equal("0:550/Transaction", Brief(ended));
        Assert.Equal("5.6.7", ended.Outcomes[0].Failure!.Reply.Status.ToString());
        Assert.DoesNotContain(server.Commands, line => line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_needs_SMTPUTF8_goes_with_it_where_it_is_offered()
    {
        var server = Server(new() { Extensions = ["SMTPUTF8", "8BITMIME"] });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync(["ä@example.net"], "x\r\n"u8.ToArray(), from: "ö@a.test", parameters: new(SmtpUtf8: true)), Host(server))));
        Assert.Equal("MAIL FROM:<ö@a.test> SMTPUTF8", Assert.Single(server.Messages).Mail);
        Assert.Equal(["RCPT TO:<ä@example.net>"], server.Messages[0].Rcpts);
    }

    [Fact]
    public async Task An_address_that_would_end_the_command_line_is_never_sent()
    {
        var server = Server();
        var ended = await DeliverAsync(await QueueAsync(["a>\r\nRCPT TO:<b@example.net", "c@example.net"], "x\r\n"u8.ToArray()), Host(server));
        Assert.Equal("0:553/Transaction 1:250", Brief(ended));
        Assert.Equal(["RCPT TO:<c@example.net>"], Assert.Single(server.Messages).Rcpts);
    }

    [Fact]
    public async Task A_host_that_refuses_in_the_middle_of_large_content_is_heard()
    {
        var server = Server(new() { Extensions = ["PIPELINING"], Fault = (_, at) => at == "content" ? "552 5.3.4 too large" : null });
        var content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 200_000)));
        Connect(new DeliveryOptions(), Host(server)).Tell(new OutboundProtocol.Deliver(await QueueAsync(["a@example.net"], content)));
        var ended = ExpectEnded();
        Assert.Equal("0:552/Transaction", Brief(ended));
    }
}
