using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>A next hop that fails at each step: for a while (the mail arrives later, once) or for good (the sender is told).</summary>
public class MisbehavingNextHopTests
{
    public static TheoryData<string, string> Moments => new()
    {
        { "connect", "421 4.3.2 not now" }, { "connect", "554 5.7.1 not you" }, { "connect", "" }, { "connect", "nonsense" },
        { "EHLO", "421 4.3.2 not now" }, { "EHLO", "" },
        { "MAIL", "451 4.3.0 later" }, { "MAIL", "421 4.3.2 later" }, { "MAIL", "" }, { "MAIL", "999 what" },
        { "RCPT", "450 4.2.1 later" }, { "RCPT", "552 5.2.2 RFC 5321 4.5.3.1.10: too many recipients" }, { "RCPT", "" },
        { "DATA", "451 4.3.0 later" }, { "DATA", "" },
        { ".", "451 4.3.0 later" }, { ".", "421 4.3.2 later" }, { ".", "" },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Mail_arrives_once_after_a_misfortune_that_passes(string moment, string answer)
    {
        var misfortunes = 0;
        await using var sink = new RecordingSink();
        sink.Answer = line => line.StartsWith(moment, StringComparison.Ordinal) && Interlocked.Increment(ref misfortunes) == 1 ? answer : null;
        await using var node = await NodeProcess.StartAsync(Routes.To(sink) + "\nretry { first = 1s, max = 1s }");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count(mail => mail.Mail.StartsWith("FROM:<a@a.test>", StringComparison.Ordinal)) == 1, "the mail", otherwise: () => node.Log);
        Assert.Equal(0, await node.StopAsync());
        Assert.Single(sink.Messages);
    }

    [Theory]
    [InlineData("MAIL FROM:<a@a.test>", "550 5.1.8 we know you")]
    [InlineData("RCPT TO:<b@b.test>", "550 5.1.1 nobody")]
    [InlineData("DATA", "554 5.7.1 no")]
    [InlineData(".", "554 5.7.1 spam")]
    public async Task The_sender_is_told_once_of_a_refusal_for_good(string moment, string answer)
    {
        var refused = 0;
        await using var sink = new RecordingSink();
        sink.Answer = line => line.StartsWith(moment, StringComparison.Ordinal) && Interlocked.Increment(ref refused) == 1 ? answer : null;
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: original\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => !sink.Messages.IsEmpty, "a report", otherwise: () => node.Log);
        Assert.Equal(0, await node.StopAsync());
        var report = Assert.Single(sink.Messages);
        Assert.StartsWith("FROM:<>", report.Mail, StringComparison.Ordinal);
        Assert.Contains(answer[4..9], report.Text, StringComparison.Ordinal);
        Assert.Contains("Subject: original", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_is_refused_ends_there()
    {
        await using var sink = new RecordingSink();
        sink.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 nobody" : null;
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => node.Events.Count(line => line.Contains("\"Bounce\"", StringComparison.Ordinal)) == 2, "two bounces", otherwise: () => node.Log);
        Assert.Equal(0, await node.StopAsync());
        Assert.Equal(2, node.Events.Count(line => line.Contains("\"Reception\"", StringComparison.Ordinal)));
        Assert.Empty(sink.Messages);
    }

    [Fact]
    public async Task Recipients_past_what_the_host_takes_at_once_follow_in_a_further_transaction()
    {
        var inTransaction = 0;
        await using var sink = new RecordingSink();
        sink.Answer = line =>
        {
            if (line.StartsWith("MAIL", StringComparison.Ordinal))
            {
                inTransaction = 0;
            }
            return line.StartsWith("RCPT", StringComparison.Ordinal) && ++inTransaction > 10 ? "452 4.5.3 enough" : null;
        };
        await using var node = await NodeProcess.StartAsync(Routes.To(sink) + "\ndelivery { connections-per-site = 1 }");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        await client.SayAsync("MAIL FROM:<a@a.test>");
        for (var i = 0; i < 35; i++)
        {
            await client.SayAsync($"RCPT TO:<b{i}@b.test>");
        }
        await client.SayAsync("DATA");
        Assert.StartsWith("250", await client.SayAsync("Subject: x\r\n\r\nx\r\n."), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Sum(mail => mail.Rcpts.Count) == 35, "all 35 recipients", otherwise: () => node.Log);
        Assert.Equal(4, sink.Messages.Count);
    }
}
