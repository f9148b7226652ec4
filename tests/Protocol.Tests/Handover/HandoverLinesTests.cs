using System.Buffers;
using System.Text;
using MailCluster.Protocol.Handover;

namespace MailCluster.Protocol.Tests.Handover;

public class HandoverLinesTests
{
    public static TheoryData<string, HandoverCommand> Lines => new()
    {
        { "EHLO relay.example.net", new HandoverCommand.Ehlo("relay.example.net") },
        { "XTICKET 00ff 0123456789abcdef", new HandoverCommand.Ticket("00ff", 0x0123456789abcdef) },
        { "MAIL FROM:<> SIZE=12 XQUEUEID=0123456789abcdef-1f XMARK=3 XSTATE=4", new HandoverCommand.Mail(new("0123456789abcdef-1f", 3, 4, 12)) },
        { "BDAT 4", new HandoverCommand.Chunk(4, false) },
        { "BDAT 12 LAST", new HandoverCommand.Chunk(12, true) },
        { "XHAD 0123456789abcdef-1f 3", new HandoverCommand.Had("0123456789abcdef-1f", 3) },
        { "XFORGET", new HandoverCommand.Forget() },
        { "QUIT", new HandoverCommand.Quit() },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void What_a_donor_writes_a_receiver_reads(string line, HandoverCommand command)
    {
        var output = new ArrayBufferWriter<byte>();
        switch (command)
        {
            case HandoverCommand.Ehlo ehlo:
                HandoverLines.Ehlo(output, ehlo.Client);
                break;
            case HandoverCommand.Ticket ticket:
                HandoverLines.Ticket(output, ticket.Text, ticket.Donor);
                break;
            case HandoverCommand.Mail mail:
                HandoverLines.Mail(output, mail.Message);
                break;
            case HandoverCommand.Chunk chunk:
                HandoverLines.Chunk(output, chunk.Size, chunk.Last);
                break;
            case HandoverCommand.Had had:
                HandoverLines.Had(output, had.Id, had.Mark);
                break;
            case HandoverCommand.Forget:
                HandoverLines.Forget(output);
                break;
            case HandoverCommand.Quit:
                HandoverLines.Quit(output);
                break;
        }
        Assert.Equal(line + "\r\n", Encoding.ASCII.GetString(output.WrittenSpan));
        Assert.Equal(command, HandoverCommandParser.Parse(Encoding.ASCII.GetBytes(line)));
    }

    [Fact]
    public void A_parameter_of_a_newer_release_is_passed_over() =>
        Assert.IsType<HandoverCommand.Mail>(HandoverCommandParser.Parse("MAIL FROM:<> SIZE=12 XNEW=x XQUEUEID=0123456789abcdef-1f XMARK=3 XSTATE=4"u8));

    [Theory]
    [InlineData("MAIL FROM:<a@b.example> SIZE=12 XQUEUEID=x XMARK=3 XSTATE=4")]
    [InlineData("MAIL FROM:<> XQUEUEID=x XMARK=3 XSTATE=4")]
    [InlineData("MAIL FROM:<> SIZE=12 XMARK=3 XSTATE=4")]
    [InlineData("MAIL FROM:<> SIZE=12 XQUEUEID=x XSTATE=4")]
    [InlineData("MAIL FROM:<> SIZE=12 XQUEUEID=x XMARK=3")]
    [InlineData("MAIL FROM:<> SIZE=12 XQUEUEID=x XMARK=3 XSTATE=0")]
    [InlineData("MAIL FROM:<> SIZE=12 XQUEUEID=x XMARK=3 XSTATE=268435457")]
    [InlineData("MAIL FROM:<> SIZE=-1 XQUEUEID=x XMARK=3 XSTATE=4")]
    [InlineData("MAIL FROM:<> SIZE=99999999999999999999 XQUEUEID=x XMARK=3 XSTATE=4")]
    [InlineData("MAIL FROM:<> SIZE=12 XQUEUEID=0123456789abcdef-0123456789abcdef0 XMARK=3 XSTATE=4")]
    [InlineData("BDAT")]
    [InlineData("BDAT +5")]
    [InlineData("BDAT 5 FIRST")]
    [InlineData("XTICKET abc")]
    [InlineData("XTICKET abc 12")]
    [InlineData("XTICKET abc 00000000000000aa more")]
    [InlineData("XHAD 00000000000000aa-1")]
    [InlineData("XFORGET all")]
    [InlineData("EHLO")]
    [InlineData("HELO x")]
    [InlineData("RCPT TO:<a@b.example>")]
    [InlineData("DATA")]
    [InlineData("")]
    public void Anything_else_is_refused(string line) => Assert.IsType<HandoverCommand.Refused>(HandoverCommandParser.Parse(Encoding.ASCII.GetBytes(line)));
}
