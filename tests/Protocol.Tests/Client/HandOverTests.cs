using System.Buffers;
using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Failures;

namespace MailCluster.Protocol.Tests.Client;

public class HandOverTests
{
    private static readonly Extensions _modern = new() { Pipelining = true, EightBitMime = true, SmtpUtf8 = true, Chunking = true, Dsn = true, Size = true, SizeLimit = 1000 };

    public static TheoryData<string, Extensions, MailParameters, string, ContentTraits, long, string> Decisions => new()
    {
        { "plain", Extensions.None, MailParameters.None, "a@b.test", ContentTraits.None, 10, "Data" },
        { "RFC 1870 6.1: larger than the host takes", _modern, MailParameters.None, "a@b.test", ContentTraits.None, 1001, "552 5.3.4" },
        { "as large as the host takes", _modern, MailParameters.None, "a@b.test", ContentTraits.None, 1000, "Data" },
        { "RFC 6152: 8-bit body, offered", _modern, MailParameters.None, "a@b.test", ContentTraits.EightBitBody, 10, "Data 8bit" },
        { "RFC 6152: 8-bit body, not offered", Extensions.None, MailParameters.None, "a@b.test", ContentTraits.EightBitBody, 10, "Data convert" },
        { "declared, but 7-bit: nothing to convert", Extensions.None, new(Body: BodyType.EightBitMime), "a@b.test", ContentTraits.None, 10, "Data" },
        { "declared and offered", _modern, new(Body: BodyType.EightBitMime), "a@b.test", ContentTraits.None, 10, "Data 8bit" },
        { "RFC 6531: 8-bit header, not offered", new() { EightBitMime = true }, MailParameters.None, "a@b.test", ContentTraits.EightBitHeader, 10, "550 5.6.7" },
        { "RFC 6531: address, not offered", new() { EightBitMime = true }, MailParameters.None, "ä@b.test", ContentTraits.None, 10, "550 5.6.7" },
        { "RFC 6531: declared, not offered", new() { EightBitMime = true }, new(SmtpUtf8: true), "a@b.test", ContentTraits.None, 10, "550 5.6.7" },
        { "RFC 6531: offered", _modern, new(SmtpUtf8: true), "ä@b.test", ContentTraits.EightBitHeader, 10, "Data utf8 8bit" },
        { "CHUNKING for leading dots", _modern, MailParameters.None, "a@b.test", ContentTraits.HasLeadingDot, 10, "Bdat" },
        { "CHUNKING for a missing CRLF", _modern, MailParameters.None, "a@b.test", ContentTraits.LacksFinalCrlf, 10, "Bdat" },
        { "CHUNKING for large content", _modern with { SizeLimit = 0 }, MailParameters.None, "a@b.test", ContentTraits.None, HandOver.LargeContent, "Bdat" },
        { "leading dots without CHUNKING", Extensions.None, MailParameters.None, "a@b.test", ContentTraits.HasLeadingDot, 10, "Data" },
        { "what is converted goes by DATA", new() { Chunking = true }, MailParameters.None, "a@b.test", ContentTraits.HasLeadingDot | ContentTraits.EightBitBody, 10, "Data convert" },
    };

    [Theory]
    [MemberData(nameof(Decisions))]
    public void Decides_before_anything_is_sent(string because, Extensions offered, MailParameters parameters, string from, ContentTraits traits, long size, string expected)
    {
        var decided = HandOver.Decide(offered, new(from), parameters, hasUtf8Recipient: false, traits, size);
        var words = decided.Refusal is { } refusal ? $"{refusal.Code} {refusal.Status}"
            : decided.Transfer + (decided.SmtpUtf8 ? " utf8" : "") + (decided.EightBit ? " 8bit" : "") + (decided.NeedsConversion ? " convert" : "");
        Assert.True(expected == words, $"{because}: {words}");
    }

    [Fact]
    public void A_recipient_that_is_not_ascii_needs_smtputf8() =>
        Assert.Equal(550, HandOver.Decide(Extensions.None, ReversePath.Null, MailParameters.None, hasUtf8Recipient: true, ContentTraits.None, 1).Refusal?.Code);

    public static TheoryData<string, Extensions, MailParameters, string> Mails => new()
    {
        { "nothing offered, nothing said", Extensions.None, new(5, BodyType.EightBitMime, true, ReturnContent.Full, "id"), "MAIL FROM:<a@b.test>" },
        { "SIZE is ours, not the client's", new() { Size = true }, new(5), "MAIL FROM:<a@b.test> SIZE=77" },
        { "RFC 3461: RET and ENVID in xtext", new() { Dsn = true }, new(Return: ReturnContent.Headers, EnvelopeId: "q+1=ä x"), "MAIL FROM:<a@b.test> RET=HDRS ENVID=q+2B1+3D+C3+A4+20x" },
        { "all", _modern, new(Body: BodyType.EightBitMime, SmtpUtf8: true, Return: ReturnContent.Full), "MAIL FROM:<a@b.test> SIZE=77 BODY=8BITMIME SMTPUTF8 RET=FULL" },
    };

    [Theory]
    [MemberData(nameof(Mails))]
    public void Writes_mail_with_what_is_offered(string because, Extensions offered, MailParameters parameters, string expected)
    {
        var handOver = new HandOver(null, ContentTransfer.Data, false, offered.SmtpUtf8, offered.EightBitMime);
        var line = Written(output => ClientCommands.WriteMail(output, new("a@b.test"), parameters, offered, handOver, 77));
        Assert.True(line == expected + "\r\n", $"{because}: {line}");
    }

    public static TheoryData<string, bool, RcptParameters, string> Rcpts => new()
    {
        { "DSN not offered", false, new(Notify.Never, "rfc822;x@y.test"), "RCPT TO:<\"a b\"@c.test>" },
        { "NOTIFY=NEVER", true, new(Notify.Never), "RCPT TO:<\"a b\"@c.test> NOTIFY=NEVER" },
        { "all kinds", true, new(Notify.Success | Notify.Failure | Notify.Delay), "RCPT TO:<\"a b\"@c.test> NOTIFY=SUCCESS,FAILURE,DELAY" },
        { "one kind", true, new(Notify.Delay), "RCPT TO:<\"a b\"@c.test> NOTIFY=DELAY" },
        { "ORCPT: the type stays, the address is xtext", true, new(OriginalRecipient: "rfc822;x+y@z.test"), "RCPT TO:<\"a b\"@c.test> ORCPT=rfc822;x+2By@z.test" },
    };

    [Theory]
    [MemberData(nameof(Rcpts))]
    public void Writes_rcpt_with_what_is_offered(string because, bool dsn, RcptParameters parameters, string expected)
    {
        var line = Written(output => ClientCommands.WriteRcpt(output, new("\"a b\"@c.test", new("c.test")), parameters, new() { Dsn = dsn }));
        Assert.True(line == expected + "\r\n", $"{because}: {line}");
    }

    [Theory]
    [InlineData("a@b.test", true)]
    [InlineData("ä@b.test", true)]
    [InlineData("a@b.test>\r\nRCPT TO:<c", false)]
    [InlineData("a\0@b.test", false)]
    [InlineData("a\n@b.test", false)]
    public void Knows_addresses_that_would_end_the_line(string address, bool isSafe) => Assert.Equal(isSafe, ClientCommands.IsSafe(address));

    [Theory]
    [InlineData("550 5.1.1 no such user", BounceClass.InvalidRecipient)]
    [InlineData("452 4.2.2 full", BounceClass.Quota)]
    [InlineData("556 5.1.10 null MX", BounceClass.BadDomain)]
    [InlineData("550 5.7.26 unauthenticated", BounceClass.Authentication)]
    [InlineData("554 5.7.1 blocked", BounceClass.Policy)]
    [InlineData("421 4.7.28 slow down", BounceClass.Congestion)]
    [InlineData("451 4.4.1 no answer", BounceClass.NoAnswer)]
    [InlineData("451 4.4.3 dns", BounceClass.Dns)]
    [InlineData("550 5.4.6 loop", BounceClass.Routing)]
    [InlineData("452 4.5.3 too many", BounceClass.TooManyRecipients)]
    [InlineData("554 5.6.3 conversion", BounceClass.Content)]
    [InlineData("550 no such user", BounceClass.InvalidRecipient)]
    [InlineData("421 busy", BounceClass.Congestion)]
    [InlineData("554 no", BounceClass.Other)]
    public void Reads_the_bounce_class(string reply, BounceClass expected) => Assert.Equal(expected, BounceClasses.Of(ClientStateTests.Read(reply)));

    private static string Written(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
