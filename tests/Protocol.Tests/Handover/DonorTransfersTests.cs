using MailCluster.Protocol.Handover;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Tests.Handover;

/// <summary>Dialogues: <c>B1</c> begins message 1, <c>F1</c> sends its content, numbers are replies; then what was decided, and what must be asked about.</summary>
public class DonorTransfersTests
{
    public static TheoryData<string, string, string, string> Dialogues => new()
    {
        { "all pipelined", "B1 F1 B2 F2 250 250 250 250 250 250", "Taken1 Taken2", "" },
        { "had, pipelined", "B1 F1 B2 F2 251 250 250 250 250 250", "Taken1 Taken2", "" },
        { "had, the content not sent", "B1 251 250 B2 F2 250 250 250", "Taken1 Taken2", "" },
        { "full", "B1 F1 452 503 503 B2 F2 250 250 250", "Deferred1 Taken2", "" },
        { "state refused", "B1 F1 250 554 503", "Refused1", "" },
        { "not stored", "B1 F1 250 250 451", "Deferred1", "" },
        { "the connection ends before the last reply", "B1 F1 B2 F2 250 250 250 250 250", "Taken1", "2" },
        { "421 says nothing of the message", "B1 F1 250 250 421", "over", "1" },
        { "421 to MAIL", "B1 F1 421", "over", "1" },
        { "a reply that nothing asked for", "250", "over", "" },
        { "a reply that is none", "B1 F1 354", "over", "1" },
    };

    [Theory]
    [MemberData(nameof(Dialogues))]
    public void Decides(string because, string dialogue, string decided, string open)
    {
        var transfers = new DonorTransfers();
        var said = new List<string>();
        foreach (var word in dialogue.Split(' '))
        {
            if (word[0] == 'B')
            {
                transfers.Begin(word[1..]);
            }
            else if (word[0] == 'F')
            {
                transfers.Follow(word[1..]);
            }
            else if (!transfers.On(new Reply(int.Parse(word, System.Globalization.CultureInfo.InvariantCulture), default, "x"), out var verdict))
            {
                said.Add("over");
                break;
            }
            else if (verdict.Id is not null)
            {
                said.Add($"{verdict.Kind}{verdict.Id}");
            }
        }
        Assert.True(decided == string.Join(' ', said) && open == string.Join(' ', transfers.Open), $"{because}: {string.Join(' ', said)}; open {string.Join(' ', transfers.Open)}");
    }

    [Fact]
    public void Large_content_follows_when_mail_and_state_were_accepted()
    {
        var transfers = new DonorTransfers();
        transfers.Begin("1");
        Assert.False(transfers.MayFollow("1"));
        transfers.On(HandoverReplies.Send, out _);
        Assert.False(transfers.MayFollow("1"));
        transfers.On(HandoverReplies.StateRead, out _);
        Assert.True(transfers.MayFollow("1"));
    }
}
