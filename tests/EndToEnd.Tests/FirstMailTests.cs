using System.Text.Json;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>What a new user does first, with the tools that a new user has.</summary>
public class FirstMailTests
{
    [Fact]
    public async Task Swaks_sends_a_mail_and_it_arrives_octet_for_octet_below_one_received_field()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        var (code, output) = await Run.ToEndAsync("swaks",
            ["--server", $"127.0.0.1:{node.SmtpPort}", "--from", "a@a.test", "--to", "b@b.test", "--data", "Subject: first\\n\\nHello,\\n.a line with a dot\\n..two\\n\\nbye\\n"]);
        Assert.True(code == 0, output);
        Assert.Matches("250 2\\.0\\.0 .*queued as [0-9a-f]{16}-[0-9a-f]+", output);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail at the next hop", otherwise: () => node.Log);
        var mail = Assert.Single(sink.Messages);
        Assert.StartsWith("FROM:<a@a.test>", mail.Mail, StringComparison.Ordinal);
        Assert.Equal("TO:<b@b.test>", mail.Rcpts[0].Split(' ')[0]);
        Assert.StartsWith("Subject: first\r\n\r\nHello,\r\n.a line with a dot\r\n..two\r\n\r\nbye\r\n", mail.Original, StringComparison.Ordinal);
        Assert.Matches("(?s)^Received: from .* \\(.*127\\.0\\.0\\.1.*\\).*by relay\\.test.* with ESMTP id [0-9a-f-]+.*;\\s", mail.Text);
    }

    [Fact]
    public async Task The_event_log_tells_reception_and_delivery_under_one_id()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        using (var client = await RawClient.HelloAsync(node.SmtpPort))
        {
            Assert.StartsWith("250", await client.MailAsync("a@a.test", "b@b.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
        }
        await Eventually.HoldsAsync(() => sink.Messages.Count == 1, "the mail at the next hop", otherwise: () => node.Log);
        Assert.Equal(0, await node.StopAsync());
        var events = node.Events.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var reception = Assert.Single(events, line => line.GetProperty("type").GetString() == "Reception");
        var delivery = Assert.Single(events, line => line.GetProperty("type").GetString() == "Delivery");
        Assert.Equal(reception.GetProperty("id").GetString(), delivery.GetProperty("id").GetString());
        Assert.Equal("b@b.test", delivery.GetProperty("recipient").GetString());
        Assert.Equal(250, delivery.GetProperty("response").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Smtp_source_sends_two_thousand_mails_over_twenty_connections_and_all_arrive()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink));
        var (code, output) = await Run.ToEndAsync("smtp-source",
            ["-d", "-s", "20", "-m", "2000", "-l", "4096", "-f", "a@a.test", "-t", "b@b.test", $"127.0.0.1:{node.SmtpPort}"]);
        Assert.True(code == 0, output);
        await Eventually.HoldsAsync(() => sink.Messages.Count == 2000, "2000 mails", otherwise: () => $"{sink.Messages.Count} came.\n{node.Log}");
    }

    [Fact]
    public async Task A_stranger_may_not_relay()
    {
        await using var node = await NodeProcess.StartAsync("relay { networks = [], domains = [\"ours.test\"] }\ndelivery { enabled = off }");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.SayAsync("MAIL FROM:<a@a.test>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await client.SayAsync("RCPT TO:<b@elsewhere.test>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await client.SayAsync("RCPT TO:<b%elsewhere.test@ours.test.elsewhere.test>"), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.1", await client.SayAsync("RCPT TO:<@ours.test:b@elsewhere.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<b@Ours.Test>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mail_accepted_while_delivery_is_off_goes_out_after_a_restart_that_turns_it_on()
    {
        await using var sink = new RecordingSink();
        await using var node = await NodeProcess.StartAsync(Routes.To(sink) + "\ndelivery { enabled = off }");
        using (var client = await RawClient.HelloAsync(node.SmtpPort))
        {
            for (var i = 0; i < 50; i++)
            {
                Assert.StartsWith("250", await client.MailAsync("a@a.test", $"b{i}@b.test", $"Subject: {i}\r\n\r\nx\r\n"), StringComparison.Ordinal);
            }
        }
        Assert.Equal(0, await node.StopAsync());
        Assert.Empty(sink.Messages);
        await File.WriteAllTextAsync(node.ConfigurationFile, (await File.ReadAllTextAsync(node.ConfigurationFile)).Replace("enabled = off", "enabled = on", StringComparison.Ordinal));
        await node.StartAsync();
        await Eventually.HoldsAsync(() => sink.Messages.Count == 50, "50 mails", otherwise: () => node.Log);
        Assert.Equal(50, sink.Messages.Select(mail => mail.Original).Distinct().Count());
    }
}
