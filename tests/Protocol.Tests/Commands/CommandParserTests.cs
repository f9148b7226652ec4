using System.Buffers;
using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Tests.Commands;

public class CommandParserTests
{
    private static readonly ForwardPath B = new("b@example.net", new DomainName("example.net"));
    private static readonly ReversePath A = new("a@example.org");

    public static TheoryData<string, string, Command> Understood => new()
    {
        { "RFC 5321 4.1.1.1", "HELO client.example", new Command.Helo("client.example") },
        { "RFC 5321 4.1.1.1", "EHLO client.example", new Command.Ehlo("client.example") },
        { "RFC 5321 2.4: verbs in any case", "eHlO Client.Example", new Command.Ehlo("Client.Example") },
        { "RFC 5321 4.1.3: an address literal", "EHLO [192.0.2.1]", new Command.Ehlo("[192.0.2.1]") },
        { "RFC 5321 4.1.3", "EHLO [IPv6:2001:db8::1]", new Command.Ehlo("[IPv6:2001:db8::1]") },
        { "checked loosely", "EHLO my_pc", new Command.Ehlo("my_pc") },
        { "trailing white space", "EHLO client \t ", new Command.Ehlo("client") },
        { "RFC 5321 4.1.1.2", "MAIL FROM:<a@example.org>", new Command.Mail(A, MailParameters.None) },
        { "any case", "mail from:<a@example.org>", new Command.Mail(A, MailParameters.None) },
        { "a blank after the colon", "MAIL FROM: <a@example.org>", new Command.Mail(A, MailParameters.None) },
        { "trailing white space", "MAIL FROM:<a@example.org> ", new Command.Mail(A, MailParameters.None) },
        { "RFC 5321 4.5.5: the null reverse-path", "MAIL FROM:<>", new Command.Mail(ReversePath.Null, MailParameters.None) },
        { "RFC 1870 3", "MAIL FROM:<a@example.org> SIZE=1000", new Command.Mail(A, new MailParameters(Size: 1000)) },
        { "RFC 1870 4: 20 digits", "MAIL FROM:<a@example.org> SIZE=99999999999999999999", new Command.Mail(A, new MailParameters(Size: long.MaxValue)) },
        { "SIZE of the largest long", "MAIL FROM:<a@example.org> SIZE=9223372036854775807", new Command.Mail(A, new MailParameters(Size: long.MaxValue)) },
        { "RFC 6152 2", "MAIL FROM:<a@example.org> BODY=8BITMIME", new Command.Mail(A, new MailParameters(Body: BodyType.EightBitMime)) },
        { "RFC 6152 2", "MAIL FROM:<a@example.org> body=7bit", new Command.Mail(A, new MailParameters()) },
        { "RFC 6531 3.1", "MAIL FROM:<jörg@example.org> SMTPUTF8", new Command.Mail(new ReversePath("jörg@example.org"), new MailParameters(SmtpUtf8: true)) },
        { "RFC 3461 4.3", "MAIL FROM:<a@example.org> RET=hdrs", new Command.Mail(A, new MailParameters(Return: ReturnContent.Headers)) },
        { "RFC 3461 4.4", "MAIL FROM:<a@example.org> RET=FULL ENVID=QQ+2B1", new Command.Mail(A, new MailParameters(Return: ReturnContent.Full, EnvelopeId: "QQ+1")) },
        { "all at once, blanks between", "MAIL FROM:<a@example.org>  SIZE=5   BODY=8BITMIME SMTPUTF8 ENVID=x RET=FULL ", new Command.Mail(A, new MailParameters(5, BodyType.EightBitMime, true, ReturnContent.Full, "x")) },
        { "RFC 5321 4.1.1.3", "RCPT TO:<b@example.net>", new Command.Rcpt(B, RcptParameters.None) },
        { "a blank after the colon", "rcpt to: <b@example.net> ", new Command.Rcpt(B, RcptParameters.None) },
        { "RFC 5321 4.5.1", "RCPT TO:<Postmaster>", new Command.Rcpt(new ForwardPath("Postmaster", default), RcptParameters.None) },
        { "RFC 5321 4.1.2: a bracket in quotes ends no path", "RCPT TO:<\"a> NOTIFY=NEVER\"@example.net>", new Command.Rcpt(new ForwardPath("\"a> NOTIFY=NEVER\"@example.net", new DomainName("example.net")), RcptParameters.None) },
        { "RFC 3461 4.1", "RCPT TO:<b@example.net> NOTIFY=NEVER", new Command.Rcpt(B, new RcptParameters(Notify.Never)) },
        { "RFC 3461 4.1", "RCPT TO:<b@example.net> notify=success,DELAY,Failure", new Command.Rcpt(B, new RcptParameters(Notify.Success | Notify.Delay | Notify.Failure)) },
        { "RFC 3461 4.2", "RCPT TO:<b@example.net> ORCPT=rfc822;a+2Bb@example.net NOTIFY=FAILURE", new Command.Rcpt(B, new RcptParameters(Notify.Failure, "rfc822;a+b@example.net")) },
        { "RFC 6533 3", "RCPT TO:<b@example.net> ORCPT=utf-8;\\x{FC}@example.net", new Command.Rcpt(B, new RcptParameters(OriginalRecipient: "utf-8;ü@example.net")) },
        { "non-ASCII without SMTPUTF8 is the session's to judge", "MAIL FROM:<jörg@example.org>", new Command.Mail(new ReversePath("jörg@example.org"), MailParameters.None) },
        { "non-ASCII in RCPT too", "RCPT TO:<ü@example.net>", new Command.Rcpt(new ForwardPath("ü@example.net", new DomainName("example.net")), RcptParameters.None) },
        { "RFC 5321 4.1.1.4", "DATA", new Command.Data() },
        { "trailing white space", "data  ", new Command.Data() },
        { "RFC 3030 2", "BDAT 86 LAST", new Command.Bdat(86, true) },
        { "RFC 3030 2", "bdat 100000", new Command.Bdat(100000, false) },
        { "RFC 3030 2", "BDAT 0 last ", new Command.Bdat(0, true) },
        { "RFC 5321 4.1.1.5", "RSET", new Command.Rset() },
        { "RFC 5321 4.1.1.9: NOOP may have a string", "NOOP whatever", new Command.Noop() },
        { "RFC 5321 4.1.1.8", "HELP MAIL", new Command.Help() },
        { "RFC 5321 4.1.1.6", "VRFY Ann Bee", new Command.Vrfy("Ann Bee") },
        { "RFC 5321 4.1.1.7", "EXPN staff", new Command.Expn("staff") },
        { "RFC 5321 4.1.1.10", "QUIT", new Command.Quit() },
        { "RFC 3207 4", "STARTTLS", new Command.StartTls() },
    };

    [Theory, MemberData(nameof(Understood))]
    public void Understands(string rule, string line, Command command) => Assert.Equal((rule, command), (rule, CommandParser.Parse(Encoding.UTF8.GetBytes(line))));

    public static TheoryData<string, string, string> NotObeyed => new()
    {
        { "RFC 5321 4.2.4: unknown", "FOO bar", "500 5.5.2" },
        { "empty", "", "500 5.5.2" },
        { "blanks", "   ", "500 5.5.2" },
        { "a blank first", " NOOP", "500 5.5.2" },
        { "a longer verb", "NOOPS", "500 5.5.2" },
        { "a shorter one", "NOO", "500 5.5.2" },
        { "NUL in an unknown verb", "FO\0O", "500 5.5.2" },
        { "a verb with NUL", "NOOP\0", "500 5.5.2" },
        { "HTTP", "GET / HTTP/1.1", "500 5.5.2" },
        { "RFC 5321 F.6: SEND and its kin", "SEND FROM:<a@example.org>", "502 5.5.1" },
        { "RFC 5321 F.6", "SOML FROM:<a@example.org>", "502 5.5.1" },
        { "RFC 5321 F.6", "saml FROM:<a@example.org>", "502 5.5.1" },
        { "RFC 5321 F.1", "TURN", "502 5.5.1" },
        { "RFC 5321 4.1.1.1: needs a name", "HELO", "501 5.5.4" },
        { "RFC 5321 4.1.1.1: needs a name", "EHLO  ", "501 5.5.4" },
        { "a name with a blank", "EHLO a b", "501 5.5.4" },
        { "a name with NUL", "EHLO a\0b", "501 5.5.4" },
        { "a name that would break out of the Received field", "EHLO a(b", "501 5.5.4" },
        { "a name with a lone CR", "EHLO a\rReceived:", "501 5.5.4" },
        { "RFC 6531 3.7.1: a name in U-labels", "EHLO bücher.example", "501 5.5.4" },
        { "a name without end", "EHLO " + new string('a', 256), "501 5.5.4" },
        { "RFC 5321 4.1.1.2: no path", "MAIL", "501 5.5.2" },
        { "no FROM", "MAIL <a@example.org>", "501 5.5.2" },
        { "no colon", "MAIL FROM <a@example.org>", "501 5.5.2" },
        { "a blank before the colon", "MAIL FROM :<a@example.org>", "501 5.5.2" },
        { "TO", "MAIL TO:<a@example.org>", "501 5.5.2" },
        { "no brackets", "MAIL FROM:a@example.org", "501 5.5.2" },
        { "no closing bracket", "MAIL FROM:<a@example.org", "501 5.5.2" },
        { "no blank after the path", "MAIL FROM:<a@example.org>SIZE=1", "501 5.5.2" },
        { "two paths", "MAIL FROM:<a@example.org><b@example.org>", "501 5.5.2" },
        { "a bad local part", "MAIL FROM:<a b@example.org>", "501 5.1.7" },
        { "a bad domain", "MAIL FROM:<a@-b>", "501 5.1.7" },
        { "no domain", "MAIL FROM:<a>", "553 5.1.7" },
        { "too long", $"MAIL FROM:<{new string('a', 65)}@example.org>", "501 5.1.7" },
        { "NUL", "MAIL FROM:<a\0@example.org>", "501 5.5.2" },
        { "LF", "MAIL FROM:<a@example.org>\nRCPT TO:<b@example.org>", "501 5.5.2" },
        { "RFC 5321 4.1.1.11: unknown", "MAIL FROM:<a@example.org> FOO=1", "555 5.5.4" },
        { "AUTH is not offered", "MAIL FROM:<a@example.org> AUTH=<>", "555 5.5.4" },
        { "a parameter of RCPT", "MAIL FROM:<a@example.org> NOTIFY=NEVER", "555 5.5.4" },
        { "a parameter without a name", "MAIL FROM:<a@example.org> =1", "555 5.5.4" },
        { "SIZE without a value", "MAIL FROM:<a@example.org> SIZE", "501 5.5.4" },
        { "SIZE empty", "MAIL FROM:<a@example.org> SIZE=", "501 5.5.4" },
        { "SIZE negative", "MAIL FROM:<a@example.org> SIZE=-1", "501 5.5.4" },
        { "SIZE of 21 digits", "MAIL FROM:<a@example.org> SIZE=000000000000000000001", "501 5.5.4" },
        { "SIZE twice", "MAIL FROM:<a@example.org> SIZE=1 SIZE=1", "501 5.5.4" },
        { "BODY unknown", "MAIL FROM:<a@example.org> BODY=BINARYMIME", "501 5.5.4" },
        { "BODY twice", "MAIL FROM:<a@example.org> BODY=7BIT BODY=8BITMIME", "501 5.5.4" },
        { "SMTPUTF8 with a value", "MAIL FROM:<a@example.org> SMTPUTF8=1", "501 5.5.4" },
        { "SMTPUTF8 twice", "MAIL FROM:<a@example.org> SMTPUTF8 SMTPUTF8", "501 5.5.4" },
        { "RET unknown", "MAIL FROM:<a@example.org> RET=ALL", "501 5.5.4" },
        { "RET twice", "MAIL FROM:<a@example.org> RET=FULL RET=FULL", "501 5.5.4" },
        { "RFC 3461 4.4: ENVID over 100", "MAIL FROM:<a@example.org> ENVID=" + new string('a', 101), "501 5.5.4" },
        { "ENVID no xtext", "MAIL FROM:<a@example.org> ENVID=a+2", "501 5.5.4" },
        { "ENVID with a line break", "MAIL FROM:<a@example.org> ENVID=a+0D+0Ab", "501 5.5.4" },
        { "ENVID not ASCII", "MAIL FROM:<a@example.org> ENVID=+C3+BC", "501 5.5.4" },
        { "ENVID twice", "MAIL FROM:<a@example.org> ENVID=a ENVID=b", "501 5.5.4" },
        { "RFC 5321 4.1.1.3: no path", "RCPT", "501 5.5.2" },
        { "no brackets", "RCPT TO:b@example.net", "501 5.5.2" },
        { "FROM", "RCPT FROM:<b@example.net>", "501 5.5.2" },
        { "the null path", "RCPT TO:<>", "501 5.1.3" },
        { "a bad local part", "RCPT TO:<a b@example.net>", "501 5.1.3" },
        { "a bad literal", "RCPT TO:<b@[1.2.3]>", "501 5.1.3" },
        { "no domain", "RCPT TO:<b>", "553 5.1.3" },
        { "too long", $"RCPT TO:<{new string('a', 65)}@example.net>", "501 5.1.3" },
        { "a parameter of MAIL", "RCPT TO:<b@example.net> SIZE=1", "555 5.5.4" },
        { "RFC 3461 4.1: NEVER with another", "RCPT TO:<b@example.net> NOTIFY=NEVER,FAILURE", "501 5.5.4" },
        { "NOTIFY unknown", "RCPT TO:<b@example.net> NOTIFY=ALWAYS", "501 5.5.4" },
        { "NOTIFY empty", "RCPT TO:<b@example.net> NOTIFY=", "501 5.5.4" },
        { "NOTIFY without a value", "RCPT TO:<b@example.net> NOTIFY", "501 5.5.4" },
        { "NOTIFY with a comma too many", "RCPT TO:<b@example.net> NOTIFY=DELAY,", "501 5.5.4" },
        { "NOTIFY twice", "RCPT TO:<b@example.net> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4" },
        { "RFC 3461 4.2: ORCPT without a type", "RCPT TO:<b@example.net> ORCPT=b@example.net", "501 5.5.4" },
        { "ORCPT twice", "RCPT TO:<b@example.net> ORCPT=rfc822;b ORCPT=rfc822;b", "501 5.5.4" },
        { "RFC 5321 4.1.1.4: no argument", "DATA now", "501 5.5.4" },
        { "RFC 5321 4.1.1.5: no argument", "RSET all", "501 5.5.4" },
        { "RFC 5321 4.1.1.10: no argument", "QUIT now", "501 5.5.4" },
        { "RFC 3207 4: no argument", "STARTTLS now", "501 5.5.4" },
        { "RFC 5321 4.1.1.6: needs one", "VRFY", "501 5.5.4" },
        { "RFC 5321 4.1.1.7: needs one", "EXPN", "501 5.5.4" },
        { "NUL in an argument", "NOOP a\0b", "501 5.5.2" },
        { "DEL in an argument", "VRFY a\u007fb", "501 5.5.2" },
    };

    [Theory, MemberData(nameof(NotObeyed))]
    public void Refuses_with_a_reply(string rule, string line, string reply)
    {
        var refused = Assert.IsType<Command.Refused>(CommandParser.Parse(Encoding.UTF8.GetBytes(line)));
        Assert.Equal((rule, reply), (rule, $"{refused.Reply.Code} {refused.Reply.Status}"));
    }

    [Theory]
    [InlineData("BDAT")]
    [InlineData("BDAT LAST")]
    [InlineData("BDAT x")]
    [InlineData("BDAT -1")]
    [InlineData("BDAT 10x")]
    [InlineData("BDAT 10 LAST now")]
    [InlineData("BDAT 10 FIRST")]
    [InlineData("BDAT 10LAST")]
    [InlineData("BDAT 10\0")]
    [InlineData("BDAT 0x10")]
    [InlineData("BDAT 9223372036854775808")]
    public void Says_where_the_length_of_a_chunk_cannot_be_known(string line) =>
        Assert.Equal(501, Assert.IsType<Command.UnreadableBdat>(CommandParser.Parse(Encoding.UTF8.GetBytes(line))).Reply.Code);

    [Theory]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("POST /x HTTP/1.1")]
    [InlineData("CONNECT mail:25 HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0")]
    public void Knows_HTTP_when_it_sees_it(string line) => Assert.True(Assert.IsType<Command.Refused>(CommandParser.Parse(Encoding.ASCII.GetBytes(line))).IsHttpRequest);

    [Theory]
    [InlineData("NOOP ", 501)]
    [InlineData("MAIL FROM:<", 501)]
    [InlineData("FOO", 500)]
    public void Refuses_octets_that_are_no_UTF8(string start, int code)
    {
        foreach (byte[] octets in new byte[][] { [0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80] })
        {
            var line = CommandParser.Parse([.. Encoding.ASCII.GetBytes(start), .. octets, .. "@example.org>"u8]);
            Assert.Equal(code, Assert.IsType<Command.Refused>(line).Reply.Code);
        }
    }

    [Fact]
    public void Every_refusal_has_an_enhanced_status_code_of_its_class() => Assert.All(NotObeyed, row =>
    {
        var reply = Assert.IsType<Command.Refused>(CommandParser.Parse(Encoding.UTF8.GetBytes(row.Data.Item2))).Reply;
        Assert.Equal(reply.Code / 100, reply.Status.Class);
    });

    [Fact]
    public void Reads_a_line_that_came_in_pieces()
    {
        var octets = "RCPT TO:<b@example.net>"u8.ToArray();
        for (var cut = 1; cut < octets.Length; cut++)
        {
            var first = new Piece(octets.AsMemory(0, cut));
            var last = first.Append(octets.AsMemory(cut));
            Assert.Equal(new Command.Rcpt(B, RcptParameters.None), CommandParser.Parse(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length)));
        }
    }

    [Property(MaxTest = 10000)]
    public void Never_throws(byte[] octets, byte verb)
    {
        string[] starts = ["", "HELO ", "EHLO ", "MAIL FROM:<", "MAIL FROM:<a@b> ", "RCPT TO:<", "RCPT TO:<a@b> ORCPT=", "MAIL FROM:<> ENVID=", "BDAT ", "VRFY ", "RCPT TO:<a@[", "RCPT TO:<@", "RCPT TO:<a@b> ORCPT=utf-8;\\x{"];
        Assert.NotNull(CommandParser.Parse(octets));
        Assert.NotNull(CommandParser.Parse([.. Encoding.ASCII.GetBytes(starts[verb % starts.Length]), .. octets]));
    }

    [Fact]
    public void Costs_little_garbage_for_a_recipient()
    {
        var line = "RCPT TO:<somebody@example.net>"u8.ToArray();
        CommandParser.Parse(line);
        var before = GC.GetAllocatedBytesForCurrentThread();
        CommandParser.Parse(line);

        // The command and the address: no string for a domain seen before.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 128);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> octets) => Memory = octets;

        public Piece Append(ReadOnlyMemory<byte> octets)
        {
            var next = new Piece(octets) { RunningIndex = Memory.Length };
            Next = next;
            return next;
        }
    }
}
