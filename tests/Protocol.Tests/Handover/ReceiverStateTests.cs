using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Handover;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Tests.Handover;

/// <summary>Dialogues as the donor's lines, with what the shell answers to effects in brackets, and the codes that come; <c>close</c> at the end where the receiver hangs up.</summary>
public class ReceiverStateTests
{
    private const string Begin = "EHLO d/XTICKET abc 00000000000000aa/[welcome]/";
    private const string Mail = "MAIL FROM:<> SIZE=10 XQUEUEID=00000000000000aa-1 XMARK=1 XSTATE=5";

    public static TheoryData<string, string, string> Dialogues => new()
    {
        { "a message", Begin + Mail + "/[take]/BDAT 5/[ok]/BDAT 10 LAST/[ok]/QUIT", "250 250 250 250 250 221 close" },
        { "two messages", Begin + Mail + "/[take]/BDAT 5/[ok]/BDAT 10 LAST/[ok]/" + Mail + "/[take]", "250 250 250 250 250 250" },
        { "had: what was pipelined behind it is passed over", Begin + Mail + "/[had]/BDAT 5/BDAT 10 LAST/XHAD 00000000000000aa-1 1", "250 250 251 skip250 skip250 ask" },
        { "had: nothing was pipelined", Begin + Mail + "/[had]/" + Mail + "/[take]", "250 250 251 250" },
        { "had: only the state was pipelined", Begin + Mail + "/[had]/BDAT 5/" + Mail + "/[take]/BDAT 5/[ok]", "250 250 251 skip250 250 250" },
        { "full: what was pipelined behind it is passed over", Begin + Mail + "/[full]/BDAT 5/BDAT 10 LAST/" + Mail + "/[take]", "250 250 452 skip503 skip503 250" },
        { "a state that cannot be read", Begin + Mail + "/[take]/BDAT 5/[bad]/BDAT 10 LAST/NOOP", "250 250 250 554 abandon skip503 250" },
        { "not stored", Begin + Mail + "/[take]/BDAT 5/[ok]/BDAT 10 LAST/[failed]/NOOP", "250 250 250 250 451 250" },
        { "going down", Begin + Mail + "/[down]", "250 250 421 close" },
        { "the donor thinks better of it", Begin + Mail + "/[take]/BDAT 5/[ok]/RSET/NOOP", "250 250 250 250 250 abandon 250" },
        { "RFC 3030: a chunk that was not announced", Begin + "BDAT 5", "250 250 503 close" },
        { "a state of another size", Begin + Mail + "/[take]/BDAT 6", "250 250 250 503 abandon close" },
        { "content of another size", Begin + Mail + "/[take]/BDAT 5/[ok]/BDAT 11 LAST", "250 250 250 250 503 abandon close" },
        { "content in several chunks is not spoken", Begin + Mail + "/[take]/BDAT 5/[ok]/BDAT 10", "250 250 250 250 503 abandon close" },
        { "no ticket, no mail", "EHLO d/" + Mail + "/XHAD 00000000000000aa-1 1/XFORGET/NOOP", "250 503 503 503 250" },
        { "no ticket, no chunk: its octets would be read as commands", "EHLO d/BDAT 5", "250 503 close" },
        { "a ticket before EHLO", "XTICKET abc 00000000000000aa", "503" },
        { "a foreign ticket", "EHLO d/XTICKET abc 00000000000000aa/[stranger]", "250 535 close" },
        { "a stranger who speaks another language", "GET", "500 close" },
        { "a member may mistype", Begin + "FOO/NOOP", "250 250 500 250" },
        { "no question within a message", Begin + Mail + "/[take]/XHAD 00000000000000aa-1 1/XFORGET", "250 250 250 503 503" },
        { "questions", Begin + "XHAD 00000000000000aa-1 1/XFORGET/QUIT", "250 250 ask forget 221 close" },
        { "no MAIL within a message", Begin + Mail + "/[take]/" + Mail, "250 250 250 503" },
        { "a second ticket", Begin + "XTICKET abc 00000000000000aa", "250 250 503" },
    };

    [Theory]
    [MemberData(nameof(Dialogues))]
    public void Answers(string because, string inputs, string expected)
    {
        var said = new List<string>();
        ReceiverState state = new ReceiverState.Connected("r");
        foreach (var input in inputs.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var transition = input switch
            {
                "[welcome]" => state.On(new TicketVerdict(1, null)),
                "[stranger]" => state.On(new TicketVerdict(1, HandoverReplies.NoMember)),
                "[take]" => state.On(new MailVerdict(HandoverReplies.Send)),
                "[had]" => state.On(new MailVerdict(HandoverReplies.HadAlready)),
                "[full]" => state.On(new MailVerdict(Protocol.Replies.Replies.SystemFull)),
                "[down]" => state.On(new MailVerdict(Protocol.Replies.Replies.NotAvailable)),
                "[ok]" => state.On(new Stored(null)),
                "[bad]" => state.On(new Stored(HandoverReplies.StateUnreadable)),
                "[failed]" => state.On(new Stored(Protocol.Replies.Replies.LocalError)),
                _ => state.On(HandoverCommandParser.Parse(Encoding.ASCII.GetBytes(input))),
            };
            state = transition.Next;
            if (transition.Reply is { } reply)
            {
                said.Add($"{reply.Code}");
            }
            switch (transition.Effect)
            {
                case ReceiverEffect.Skip skip:
                    said.Add($"skip{skip.Reply.Code}");
                    break;
                case ReceiverEffect.Abandon:
                    said.Add("abandon");
                    break;
                case ReceiverEffect.Answer:
                    said.Add("ask");
                    break;
                case ReceiverEffect.Forget:
                    said.Add("forget");
                    break;
            }
            if (state is ReceiverState.Closed)
            {
                said.Add("close");
                break;
            }
        }
        Assert.True(expected == string.Join(' ', said), $"{because}: {string.Join(' ', said)}");
    }

    [Property]
    public void Never_throws_on_what_comes_over_the_wire(byte[] line) => Assert.NotNull(HandoverCommandParser.Parse(line));
}
