using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Tests.Client;

/// <summary>Dialogues are written as what is sent (M, R0, R1, D, content C, lone dot ., RSET Z) and the replies that come; verdicts as words.</summary>
public class MailTransactionTests
{
    public static TheoryData<string, bool, bool, int, string, string> Dialogues => new()
    {
        // because, pipelining, BDAT, recipients, dialogue, verdicts
        { "one by one", false, false, 1, "M 250 R0 250 D 354 C 250 over", "Delivered" },
        { "RFC 2920: the envelope in one group", true, false, 2, "M R0 R1 D 250 250 250 354 C 250 over", "Delivered" },
        { "RFC 5321 3.3: each recipient for itself", true, false, 3, "M R0 R1 R2 D 250 550 250 450 354 C 250 over", "RecipientRefused0 RecipientRefused2 Delivered" },
        { "MAIL refused, one by one", false, false, 1, "M 550 over", "MailRefused" },
        { "MAIL refused: the replies to what was pipelined are awaited", true, false, 1, "M R0 D 451 503 503 over", "MailRefused" },
        { "all refused, one by one: RSET", false, false, 1, "M 250 R0 550 Z 250 over", "RecipientRefused0" },
        { "all refused, DATA refused too: RSET", true, false, 2, "M R0 R1 D 250 550 550 554 Z 250 over", "RecipientRefused0 RecipientRefused1" },
        { "RFC 2920 3.1: all refused, 354: a lone dot", true, false, 2, "M R0 R1 D 250 550 550 354 . 554 over", "RecipientRefused0 RecipientRefused1" },
        { "a lone dot that is accepted delivers nothing", true, false, 1, "M R0 D 250 550 354 . 250 over", "RecipientRefused0" },
        { "MAIL refused, 354 nevertheless: a lone dot", true, false, 1, "M R0 D 550 503 354 . 554 over", "MailRefused" },
        { "MAIL refused, recipient accepted and 354: no dot for such a host", true, false, 1, "M R0 D 550 250 354 over", "MailRefused HostFailed" },
        { "DATA refused: the accepted recipients, and RSET", true, false, 2, "M R0 R1 D 250 250 550 451 Z 250 over", "RecipientRefused1 DataRefused" },
        { "the end of data refused", true, false, 1, "M R0 D 250 250 354 C 550 over", "ContentRefused" },
        { "the end of data put off", false, false, 1, "M 250 R0 250 D 354 C 451 over", "ContentRefused" },
        { "452 after k recipients", true, false, 3, "M R0 R1 R2 D 250 250 452 452 354 C 250 over", "RecipientPostponed1 RecipientPostponed2 Delivered" },
        { "452 for the first: it is the recipient's own", true, false, 1, "M R0 D 250 452 554 Z 250 over", "RecipientRefused0" },
        { "552 after k recipients, from an older world", true, false, 2, "M R0 R1 D 250 250 552 354 C 250 over", "RecipientPostponed1 Delivered" },
        { "450 4.5.3 after k recipients", true, false, 2, "M R0 R1 D 250 250 450/4.5.3 354 C 250 over", "RecipientPostponed1 Delivered" },
        { "452 4.2.2 is a full mailbox, not a full transaction", true, false, 2, "M R0 R1 D 250 250 452/4.2.2 354 C 250 over", "RecipientRefused1 Delivered" },
        { "421 to MAIL", true, false, 1, "M R0 D 421 over", "HostFailed" },
        { "421 to RCPT", false, false, 2, "M 250 R0 250 R1 421 over", "HostFailed" },
        { "421 to DATA", true, false, 1, "M R0 D 250 250 421 over", "HostFailed" },
        { "421 to the end of data", true, false, 1, "M R0 D 250 250 354 C 421 over", "HostFailed" },
        { "354 to RCPT", true, false, 1, "M R0 D 250 354 over", "HostFailed" },
        { "250 to DATA", true, false, 1, "M R0 D 250 250 250 over", "HostFailed" },
        { "a reply before the content was sent", true, false, 1, "M R0 D 250 250 354 250 over", "HostFailed" },
        { "RSET refused", true, false, 1, "M R0 D 250 550 554 Z 500 over", "RecipientRefused0 HostFailed" },
        { "RFC 3030: BDAT without a 354", true, true, 1, "M R0 250 250 C 250 over", "Delivered" },
        { "BDAT, one by one", false, true, 2, "M 250 R0 250 R1 550 C 250 over", "RecipientRefused1 Delivered" },
        { "BDAT is not sent for nobody", true, true, 2, "M R0 R1 250 550 550 Z 250 over", "RecipientRefused0 RecipientRefused1" },
        { "RFC 3030 2: RSET after a refused chunk", true, true, 1, "M R0 250 250 C 552 Z 250 over", "ContentRefused" },
    };

    [Theory]
    [MemberData(nameof(Dialogues))]
    public void Follows_the_dialogue(string because, bool pipelining, bool bdat, int recipients, string dialogue, string verdicts)
    {
        var transaction = MailTransaction.Begin(recipients, bdat ? ContentTransfer.Bdat : ContentTransfer.Data, pipelining);
        var said = new List<string>();
        var seen = new List<string>();
        foreach (var word in dialogue.Split(' '))
        {
            Assert.False(transaction.IsOver && word != "over", because);
            if (word == "over")
            {
                seen.Add(transaction.IsOver ? "over" : $"still {transaction.Next} {transaction.Awaits}");
            }
            else if (char.IsDigit(word[0]))
            {
                Assert.True(transaction.Next == TransactionSend.Nothing || word == "250" && transaction.Next == TransactionSend.Content, $"{because}: {transaction.Next} might have been sent");
                var status = word.Contains('/', StringComparison.Ordinal) ? word[4..].Split('.').Select(ushort.Parse).ToArray() : null;
                var transition = transaction.On(int.Parse(word[..3], null), status is null ? default : new((byte)status[0], status[1], status[2]));
                transaction = transition.State;
                if (transition.Verdict != TransactionVerdict.None)
                {
                    said.Add(transition.Verdict + (transition.Verdict is TransactionVerdict.RecipientRefused or TransactionVerdict.RecipientPostponed ? $"{transition.Recipient}" : ""));
                }
                seen.Add(word);
            }
            else
            {
                seen.Add(Name(transaction));
                transaction = transaction.AfterSending();
            }
        }
        Assert.Equal(dialogue, string.Join(' ', seen));
        Assert.Equal(verdicts, string.Join(' ', said));
    }

    [Fact]
    public void Never_has_more_commands_out_than_the_window()
    {
        var transaction = MailTransaction.Begin(1000, ContentTransfer.Data, pipelining: true);
        var sent = 0;
        var received = 0;
        while (transaction.Next != TransactionSend.Content)
        {
            for (; transaction.Next is not (TransactionSend.Nothing or TransactionSend.Content); sent++)
            {
                transaction = transaction.AfterSending();
            }
            Assert.InRange(sent - received, 1, MailTransaction.PipelineWindow);
            received++;
            transaction = transaction.On(received == 1002 ? 354 : 250, default).State;
        }
        Assert.Equal(1002, sent);
        Assert.Equal(1000, transaction.Accepted);
    }

    [Fact]
    public void Lets_the_next_envelope_follow_the_content_and_the_reset_but_not_a_chunk()
    {
        Assert.True(Upto(ContentTransfer.Data, pipelining: true).AfterSending().MayBeFollowed);
        Assert.False(Upto(ContentTransfer.Data, pipelining: false).AfterSending().MayBeFollowed);
        Assert.False(Upto(ContentTransfer.Bdat, pipelining: true).AfterSending().MayBeFollowed);
        Assert.False(Upto(ContentTransfer.Data, pipelining: true).MayBeFollowed);
    }

    [Fact]
    public void Knows_that_the_peer_may_have_the_message_from_the_end_of_data_to_its_reply()
    {
        var before = Upto(ContentTransfer.Data, pipelining: true);
        Assert.False(before.AwaitsEndOfData);
        Assert.True(before.AfterSending().AwaitsEndOfData);
        Assert.False(before.AfterSending().On(250, default).State.AwaitsEndOfData);
    }

    [Fact]
    public void A_refusal_counts_though_the_connection_broke_in_the_content()
    {
        Assert.Equal(TransactionVerdict.ContentRefused, Upto(ContentTransfer.Data, true).OnBrokenOff(552).Verdict);
        Assert.Equal(TransactionVerdict.HostFailed, Upto(ContentTransfer.Data, true).OnBrokenOff(421).Verdict);
        Assert.Equal(TransactionVerdict.HostFailed, Upto(ContentTransfer.Data, true).OnBrokenOff(250).Verdict);
    }

    /// <summary>Whatever a host answers, the transaction comes to an end, and every recipient is spoken of once at most.</summary>
    [Property(MaxTest = 2000)]
    public bool Comes_to_an_end_whatever_is_answered(byte recipients, bool pipelining, bool bdat, byte[] answers)
    {
        var count = (recipients % 5) + 1;
        var transaction = MailTransaction.Begin(count, bdat ? ContentTransfer.Bdat : ContentTransfer.Data, pipelining);
        int[] codes = [250, 250, 250, 354, 354, 421, 450, 452, 503, 550, 552, 554];
        var spoken = new int[count];
        for (var i = 0; !transaction.IsOver; i++)
        {
            while (transaction.Next != TransactionSend.Nothing)
            {
                transaction = transaction.AfterSending();
            }
            if (!transaction.AwaitsReply || i > 50)
            {
                return false;
            }
            var transition = transaction.On(codes[(answers.Length == 0 ? 0 : answers[i % answers.Length] + i) % codes.Length], default);
            transaction = transition.State;
            if (transition.Recipient >= 0 && transition.Verdict != TransactionVerdict.None && ++spoken[transition.Recipient] > 1)
            {
                return false;
            }
        }
        return true;
    }

    [Fact]
    public void Reads_552_to_rcpt_as_temporary()
    {
        Assert.Equal("452 4.2.2 full", RecipientReplies.AsRead(ClientStateTests.Read("552 5.2.2 full")).ToString());
        Assert.Equal("452 full", RecipientReplies.AsRead(ClientStateTests.Read("552 full")).ToString());
        Assert.Equal("550 5.1.1 no", RecipientReplies.AsRead(ClientStateTests.Read("550 5.1.1 no")).ToString());
    }

    private static MailTransaction Upto(ContentTransfer transfer, bool pipelining)
    {
        var transaction = MailTransaction.Begin(1, transfer, pipelining);
        foreach (var code in (int[])[250, 250, 354])
        {
            while (transaction.Next is not (TransactionSend.Nothing or TransactionSend.Content))
            {
                transaction = transaction.AfterSending();
            }
            if (transaction.Next != TransactionSend.Content)
            {
                transaction = transaction.On(code, default).State;
            }
        }
        Assert.Equal(TransactionSend.Content, transaction.Next);
        return transaction;
    }

    private static string Name(MailTransaction transaction) => transaction.Next switch
    {
        TransactionSend.Mail => "M",
        TransactionSend.Rcpt => $"R{transaction.SendRecipient}",
        TransactionSend.Data => "D",
        TransactionSend.Content => "C",
        TransactionSend.Dot => ".",
        TransactionSend.Rset => "Z",
        _ => "nothing",
    };
}
