using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Tests.Commands;

public class XtextTests
{
    [Theory]
    [InlineData("QQ314159", "QQ314159")]
    [InlineData("a+b=c d", "a+2Bb+3Dc+20d")]
    [InlineData("<a@example.org>", "<a@example.org>")]
    [InlineData("", "")]
    [InlineData("ü", "+C3+BC")]
    public void Writes_and_reads_RFC_3461_section_4(string text, string encoded)
    {
        Assert.Equal(encoded, Xtext.Encode(text));
        Assert.True(Xtext.TryDecode(Encoding.ASCII.GetBytes(encoded), out var decoded));
        Assert.Equal(text, decoded);
    }

    [Theory]
    [InlineData("a+")]
    [InlineData("a+2")]
    [InlineData("a+2G")]
    [InlineData("a+-1")]
    [InlineData("a=b")]
    [InlineData("a b")]
    [InlineData("a\u007f")]
    [InlineData("a+0D+0ABcc:+20victim@example.net")]
    [InlineData("a+00")]
    [InlineData("a+7F")]
    [InlineData("a+C3")]
    [InlineData("a+C2+85")]
    public void Refuses_what_is_no_xtext_or_cannot_stand_in_a_report(string encoded) => Assert.False(Xtext.TryDecode(Encoding.ASCII.GetBytes(encoded), out _));

    [Fact]
    public void Reads_lower_case_digits_and_writes_upper_case()
    {
        Assert.True(Xtext.TryDecode("a+2bb"u8, out var text));
        Assert.Equal(("a+b", "a+2Bb"), (text, Xtext.Encode(text)));
    }

    [Property(MaxTest = 3000)]
    public void Reads_what_it_wrote(char[] characters)
    {
        var text = new string(characters.Where(character => !char.IsControl(character) && !char.IsSurrogate(character)).ToArray());
        var encoded = Xtext.Encode(text);
        Assert.All(encoded, character => Assert.InRange(character, '!', '~'));
        Assert.True(Xtext.TryDecode(Encoding.ASCII.GetBytes(encoded), out var decoded));
        Assert.Equal(text, decoded);
    }

    [Theory]
    [InlineData("rfc822;bob@example.org", "rfc822;bob@example.org", "rfc822;bob@example.org")]
    [InlineData("rfc822;bob+2Btag@example.org", "rfc822;bob+tag@example.org", "rfc822;bob+2Btag@example.org")]
    [InlineData("RFC822;\"a+20b\"@example.org", "RFC822;\"a b\"@example.org", "RFC822;\"a+20b\"@example.org")]
    [InlineData("utf-8;j\\x{F6}rg@example.org", "utf-8;jörg@example.org", "utf-8;j\\x{F6}rg@example.org")]
    [InlineData("utf-8;jörg@example.org", "utf-8;jörg@example.org", "utf-8;j\\x{F6}rg@example.org")]
    [InlineData("UTF-8;\\x{1F600}\\x{2B}x@example.org", "UTF-8;😀+x@example.org", "UTF-8;\\x{1F600}\\x{2B}x@example.org")]
    public void Original_recipients_are_kept_decoded_and_written_in_seven_bits(string value, string recipient, string written)
    {
        Assert.True(OriginalRecipient.TryParse(Encoding.UTF8.GetBytes(value), out var decoded));
        Assert.Equal((recipient, written), (decoded, OriginalRecipient.Format(decoded)));
    }

    [Theory]
    [InlineData("bob@example.org")]
    [InlineData(";bob@example.org")]
    [InlineData("rfc822;")]
    [InlineData("rfc 822;bob")]
    [InlineData("rfc822;bob+0Abob")]
    [InlineData("rfc822;jörg@example.org")]
    [InlineData("rfc822;j+C3+B6rg@example.org")]
    [InlineData("utf-8;\\x{0A}")]
    [InlineData("utf-8;\\x{D800}")]
    [InlineData("utf-8;\\x{110000}")]
    [InlineData("utf-8;\\x{F6")]
    [InlineData("utf-8;\\x{}")]
    public void Original_recipients_that_could_not_be_reported_are_refused(string value) => Assert.False(OriginalRecipient.TryParse(Encoding.UTF8.GetBytes(value), out _));

    [Fact]
    public void Original_recipients_have_500_octets_at_most()
    {
        Assert.True(OriginalRecipient.TryParse(Encoding.ASCII.GetBytes("rfc822;" + new string('a', 493)), out _));
        Assert.False(OriginalRecipient.TryParse(Encoding.ASCII.GetBytes("rfc822;" + new string('a', 494)), out _));
        Assert.Null(OriginalRecipient.Format("utf-8;" + new string('ü', 200)));
    }

    [Property(MaxTest = 3000)]
    public void Original_recipients_are_read_as_they_were_written(char[] characters, bool international)
    {
        var address = new string(characters.Where(character => !char.IsControl(character) && !char.IsSurrogate(character) && (international || character < 0x80)).ToArray());
        var recipient = (international ? "utf-8;" : "rfc822;") + address;
        if (address.Length > 0 && OriginalRecipient.Format(recipient) is { } value)
        {
            Assert.All(value, character => Assert.InRange(character, '!', '~'));
            Assert.True(OriginalRecipient.TryParse(Encoding.ASCII.GetBytes(value), out var again));
            Assert.Equal(recipient, again);
        }
    }
}
