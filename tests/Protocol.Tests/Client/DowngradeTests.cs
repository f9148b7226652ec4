using System.Text;
using MailCluster.Protocol.Content;
using MimeKit;

namespace MailCluster.Protocol.Tests.Client;

public class DowngradeTests
{
    private const string Head = "From: a@b.test\r\nTo: c@d.test\r\nSubject: x\r\nX-Odd:  kept  as   it is\r\nMIME-Version: 1.0\r\n";

    [Fact]
    public void Text_becomes_quoted_printable_and_reads_the_same()
    {
        var body = string.Concat(Enumerable.Repeat("Grüße aus München, 100 % sicher\r\n", 50)) + ".dot\r\n";
        var converted = Convert(Head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body);
        Assert.StartsWith(Head, converted, StringComparison.Ordinal);
        Assert.Contains("Content-Transfer-Encoding: quoted-printable", converted, StringComparison.Ordinal);
        Assert.Equal(body, ((TextPart)Load(converted).Body!).Text.ReplaceLineEndings("\r\n"));
    }

    [Fact]
    public void Binary_parts_become_base64_and_keep_their_octets()
    {
        var octets = Enumerable.Range(0, 3000).Select(i => (byte)(128 + (i % 100))).ToArray();
        var message = Encoding.Latin1.GetBytes(Head + "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").Concat(octets).Concat("\r\n"u8.ToArray()).ToArray();
        var converted = Convert(message);
        Assert.Contains("Content-Transfer-Encoding: base64", converted, StringComparison.Ordinal);
        using var decoded = new MemoryStream();
        ((MimePart)Load(converted).Body!).Content!.DecodeTo(decoded, TestContext.Current.CancellationToken);
        Assert.Equal([.. octets, .. "\r\n"u8], decoded.ToArray());
    }

    [Fact]
    public void Only_the_parts_that_need_it_are_touched()
    {
        var converted = Convert(Head + "Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + "--b\r\nContent-Type: text/plain\r\n\r\nplain = text\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nThis is schön, and stays so.\r\n--b--\r\n");
        Assert.Contains("plain = text\r\n", converted, StringComparison.Ordinal);
        Assert.Contains("This is sch=C3=B6n, and", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("8bit", converted, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_inside_messages_are_converted_inside()
    {
        var converted = Convert(Head + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + "Subject: y\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nThis is schön, and stays so.\r\n");
        Assert.Contains("This is sch=C3=B6n, and", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("8bit", converted, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_says_nothing_of_itself_is_labelled()
    {
        var converted = Convert("Subject: x\r\n\r\nThis is schön, and stays so.\r\n");
        Assert.Contains("MIME-Version: 1.0", converted, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("unknown-8bit", converted, StringComparison.Ordinal);
        Assert.Contains("This is sch=C3=B6n, and", converted, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Impossible => new()
    {
        { "signed", "Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nschön\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n" },
        { "signed, further in", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nschön\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n--a--\r\n" },
        { "a part of a message", "Content-Type: message/partial; id=x; number=1; total=2\r\n\r\nschön\r\n" },
        { "8-bit in the header", "X-Name: schön\r\n\r\nx\r\n" },
        { "8-bit between parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\nschön\r\n--b\r\n\r\nx\r\n--b--\r\n" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_must_not_be_changed_is_refused_and_never_sent_silently(string because, string message)
    {
        using var output = new MemoryStream();
        Assert.False(string.IsNullOrEmpty(Downgrade.Convert(new MemoryStream(Encoding.UTF8.GetBytes(Head + message)), output)), because);
    }

    private static string Convert(string message) => Convert(Encoding.UTF8.GetBytes(message));

    private static string Convert(byte[] message)
    {
        using var output = new MemoryStream();
        Assert.Null(Downgrade.Convert(new MemoryStream(message), output));
        Assert.Equal(-1, output.ToArray().AsSpan().IndexOfAnyInRange((byte)128, (byte)255));
        var text = Encoding.ASCII.GetString(output.ToArray());
        Assert.DoesNotContain('\n', text.Replace("\r\n", "", StringComparison.Ordinal));
        return text;
    }

    private static MimeMessage Load(string message) => MimeMessage.Load(new MemoryStream(Encoding.ASCII.GetBytes(message)), TestContext.Current.CancellationToken);
}
