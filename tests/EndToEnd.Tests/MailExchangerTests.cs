using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>Delivery by MX, with a real name server.</summary>
public class MailExchangerTests
{
    private const string Zone = """
        plain IN MX 10 mx1
        two IN MX 20 mx2
        two IN MX 10 dead
        bare IN A 127.0.0.1
        alias IN CNAME plain
        null IN MX 0 .
        nomail IN TXT "neither MX nor A"
        sender IN MX 10 mx1
        mx1 IN A 127.0.0.1
        mx2 IN A 127.0.0.1
        dead IN A 127.0.0.99
        """;

    [Theory]
    [InlineData("plain.test", "RFC 5321 5.1: the host that MX names")]
    [InlineData("two.test", "RFC 5321 5.1: the next preference when the first host does not answer")]
    [InlineData("bare.test", "RFC 5321 5.1: the address where there is no MX")]
    [InlineData("alias.test", "RFC 5321 5.1: the canonical name's MX")]
    [InlineData("[127.0.0.1]", "RFC 5321 4.1.3: an address literal")]
    public async Task Mail_finds_its_host(string domain, string rule)
    {
        await using var sink = new RecordingSink();
        await using var names = await NameServer.StartAsync(Zone);
        await using var node = await NodeProcess.StartAsync(Routes.ByMx(names, sink.Port));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@sender.test", $"b@{domain}", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, rule, otherwise: () => node.Log);
        Assert.Equal($"TO:<b@{domain}>", sink.Messages.First().Rcpts[0].Split(' ')[0]);
    }

    [Theory]
    [InlineData("null.test", "5.1.10")]
    [InlineData("nosuch.test", "5.1.2")]
    [InlineData("nomail.test", "5.")]
    public async Task Mail_that_has_no_host_comes_back_as_a_report(string domain, string status)
    {
        await using var sink = new RecordingSink();
        await using var names = await NameServer.StartAsync(Zone);
        await using var node = await NodeProcess.StartAsync(Routes.ByMx(names, sink.Port));
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@sender.test", $"b@{domain}", "Subject: lost\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "a report", otherwise: () => node.Log);
        var report = sink.Messages.First();
        Assert.StartsWith("FROM:<>", report.Mail, StringComparison.Ordinal);
        Assert.Equal("TO:<a@sender.test>", report.Rcpts[0].Split(' ')[0]);
        Assert.Contains($"Final-Recipient: rfc822;b@{domain}", report.Text.Replace("rfc822; ", "rfc822;", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Action: failed", report.Text, StringComparison.Ordinal);
        Assert.Contains($"Status: {status}", report.Text, StringComparison.Ordinal);
        Assert.Contains("Subject: lost", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_server_that_is_silent_puts_mail_off_and_loses_nothing()
    {
        await using var sink = new RecordingSink();
        var names = await NameServer.StartAsync(Zone);
        await using var node = await NodeProcess.StartAsync(Routes.ByMx(names, sink.Port) + "\nretry { first = 1s, max = 2s }");
        await names.DisposeAsync();
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@sender.test", "b@plain.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => node.Log.Contains("4.4.3", StringComparison.Ordinal), "a transient failure in the log", otherwise: () => node.Log);
        Assert.Empty(sink.Messages);
        await using var back = await NameServer.StartAsync(Zone, names.Port);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail, when the name server is back", otherwise: () => node.Log);
    }

    [Fact]
    public async Task Loopback_is_refused_unless_it_is_allowed()
    {
        await using var sink = new RecordingSink();
        await using var names = await NameServer.StartAsync(Zone);
        await using var node = await NodeProcess.StartAsync($$"""{{names.Setting}}, delivery { port = {{sink.Port}} }, routes = [ { domain = "sender.test", to = "127.0.0.1:{{sink.Port}}" } ]""");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.MailAsync("a@sender.test", "b@plain.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "a report, over the static route", otherwise: () => node.Log);
        Assert.StartsWith("FROM:<>", sink.Messages.First().Mail, StringComparison.Ordinal);
        Assert.Contains("Status: 5.4", sink.Messages.First().Text, StringComparison.Ordinal);
    }
}
