using System.Buffers;
using System.Net;
using System.Text;
using MailCluster.Protocol.Content;
using MimeKit;

namespace MailCluster.Protocol.Tests.Content;

public class ReceivedFieldTests
{
    private static readonly DateTimeOffset s_at = new(2026, 3, 4, 23, 6, 7, TimeSpan.FromHours(-5));

    [Fact]
    public void It_is_folded_and_in_UTC() => Assert.Equal(
        "Received: from client.example ([192.0.2.1])\r\n\tby relay.example.net with ESMTP id 0123456789abcdef-1\r\n\tfor <b@example.net>;\r\n\tThu, 05 Mar 2026 04:06:07 +0000\r\n",
        Written(recipient: "b@example.net"));

    [Fact]
    public void Several_recipients_are_not_told_of_each_other() => Assert.DoesNotContain("for", Written(recipient: null).Split("with")[1]);

    [Theory]
    [InlineData("192.0.2.1", "[192.0.2.1]")]
    [InlineData("::ffff:192.0.2.1", "[192.0.2.1]")]
    [InlineData("2001:db8::1", "[IPv6:2001:db8::1]")]
    [InlineData("fe80::1%2", "[IPv6:fe80::1]")]
    public void The_address_is_a_literal(string address, string literal) => Assert.Contains($" ({literal})\r\n", Written(address: address));

    [Theory]
    [InlineData("evil\r\nX-Injected: yes")]
    [InlineData("evil) by good.example with ESMTP (")]
    [InlineData("evil;\"\\<>@,\0\u007f")]
    [InlineData("ünïcode.example")]
    [InlineData("")]
    public void Whatever_the_client_calls_itself_stays_a_name(string client)
    {
        var field = Written(client);
        Assert.Equal(3, field.Split("\r\n").Length - 1);
        Assert.All(field, c => Assert.True(c is '\r' or '\n' or '\t' or >= ' ' and <= '~'));
        Assert.Equal(1, field.Count(c => c == '('));
        Assert.Equal(1, field.Count(c => c == ')'));
        Assert.Equal(1, field.Count(c => c == ';'));
        Assert.StartsWith("Received: from ", field, StringComparison.Ordinal);
        Assert.DoesNotContain("from  (", field, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_names_fit()
    {
        var name = new string('a', 2000);
        var field = Written(name, recipient: new string('b', 64) + "@" + new string('c', 255));
        Assert.All(field.Split("\r\n"), line => Assert.True(line.Length < 998));
        Assert.Contains("for <bbb", field, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipient_that_is_not_ASCII_is_left_out() => Assert.DoesNotContain("for <", Written(recipient: "ö@example.net"), StringComparison.Ordinal);

    [Fact]
    public void Another_mail_program_reads_it()
    {
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(Written(recipient: "b@example.net") + "Subject: x\r\n\r\n"));
        var message = MimeMessage.Load(stream, TestContext.Current.CancellationToken);
        Assert.Equal(["Received", "Subject"], message.Headers.Select(header => header.Field));
        Assert.True(MimeKit.Utils.DateUtils.TryParse(message.Headers["Received"]!.Split(';')[1].Trim(), out var date));
        Assert.Equal(s_at, date);
    }

    private static string Written(string client = "client.example", string? recipient = null, string address = "192.0.2.1")
    {
        var output = new ArrayBufferWriter<byte>();
        ReceivedField.Write(output, client, IPAddress.Parse(address), "relay.example.net", "ESMTP", "0123456789abcdef-1", recipient, s_at);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }
}
