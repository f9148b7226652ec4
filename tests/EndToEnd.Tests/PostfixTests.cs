using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>A real Postfix on either side.</summary>
public class PostfixTests
{
    [Fact]
    public async Task Postfix_takes_from_us_what_it_hands_on_unchanged()
    {
        await using var sink = new RecordingSink();
        await using var postfix = await PostfixProcess.StartAsync($"relayhost = [127.0.0.1]:{sink.Port}");
        await using var node = await NodeProcess.StartAsync(Routes.To(postfix.Port));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        for (var i = 0; i < 20; i++)
        {
            Assert.StartsWith("250", await client.MailAsync("a@a.test", $"b{i}@b.test", $"Subject: {i}\r\n\r\n.dot {i}\r\n..\r\n"), StringComparison.Ordinal);
        }
        await Eventually.HoldsAsync(() => sink.Messages.Count == 20, "20 mails behind Postfix", otherwise: () => node.Log + postfix.Log);
        Assert.Equal(20, sink.Messages.Count(mail => mail.Text.EndsWith("\r\n..\r\n", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Postfix_relays_through_us_and_its_dsn_wishes_are_passed_on()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        await using var postfix = await PostfixProcess.StartAsync($"relayhost = [127.0.0.1]:{node.SmtpPort}");
        var (code, output) = await postfix.CommandAsync("sendmail", ["-f", "a@a.test", "-N", "success,delay,failure", "-V", "env+id", "b@b.test"], "Subject: through\n\nbody\n.\nmore\n");
        Assert.True(code == 0, output);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail", otherwise: () => node.Log + postfix.Log);
        var mail = sink.Messages.First();
        Assert.Contains("ENVID=env+2Bid", mail.Mail, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("NOTIFY=", mail.Rcpts[0], StringComparison.OrdinalIgnoreCase);
        Assert.Contains("ORCPT=rfc822;b@b.test", mail.Rcpts[0], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_Postfix_refuses_for_good_comes_back_to_the_sender_as_a_report()
    {
        await using var sink = new RecordingSink();
        await using var postfix = await PostfixProcess.StartAsync("smtpd_recipient_restrictions = check_recipient_access static:{REJECT no such person here}, permit");
        await using var node = await NodeProcess.StartAsync($$"""routes = [ { domain = "a.test", to = "127.0.0.1:{{sink.Port}}" }, { domain = "*", to = "127.0.0.1:{{postfix.Port}}" } ]""");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: refused\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "a report", otherwise: () => node.Log + postfix.Log);
        var report = sink.Messages.First().Text.Replace("\r\n ", " ", StringComparison.Ordinal);
        Assert.Contains("no such person here", report, StringComparison.Ordinal);
        Assert.Contains("Remote-MTA: dns;", report.Replace("dns; ", "dns;", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Auto-Submitted: auto-replied", report, StringComparison.Ordinal);
    }
}
