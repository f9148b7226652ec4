using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;
using MailCluster.Node.Sink;

namespace MailCluster.EndToEnd.Tests;

public sealed partial class SinkCommandTests
{
    [Fact]
    public async Task Prints_a_line_for_each_message_when_verbose_and_a_total_at_the_end()
    {
        var output = await RunAsync(["--verbose"], client =>
        {
            client.Say("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>", "DATA", "Subject: \u001b[2J\u0007evil\r\n\r\nx\r\n.", "QUIT");
        });
        Assert.Matches(@"(?m)^\d\d:\d\d:\d\d\.\d{3} from=<a@example\.org> to=<b@example\.net>,<c@example\.net> size=25 subject=""\?\[2J\?evil"" sha256=[0-9a-f]{64}\r?$", output);
        Assert.Contains("total: 1 messages, 2 recipients, 25 octets, 1 connections, 0 refusals, 0 hang-ups", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quiet_prints_the_total_alone()
    {
        var port = FreePort.Next();
        var output = await RunAsync(["--quiet"], client => client.Say("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA", "x\r\n.", "QUIT"), port);
        Assert.Equal("total: 1 messages, 1 recipients, 3 octets, 1 connections, 0 refusals, 0 hang-ups", output.Trim());
    }

    [Fact]
    public async Task Misbehaves_as_its_options_say()
    {
        await RunAsync(["--reply", "mail=450 4.7.1 Greylisted", "--reply", "rset=550", "--no-dsn", "--hostname", "mx.test"], client =>
        {
            client.Send("EHLO client.test\r\n");
            Assert.DoesNotContain("DSN", client.Reply(), StringComparison.Ordinal);
            client.Send("MAIL FROM:<a@example.org>\r\nRSET\r\n");
            Assert.Equal("450 4.7.1 Greylisted", client.Reply());
            Assert.Equal("550 5.1.1 No such mailbox on request", client.Reply());
        });
    }

    [Theory]
    [InlineData("--bind nowhere", "nowhere")]
    [InlineData("--reply rcpt=250", "rcpt=250")]
    [InlineData("--delay rcpt=soon", "rcpt=soon")]
    [InlineData("--hang-up lunch", "lunch")]
    [InlineData("--share 2", "--share")]
    public void A_mistaken_option_is_named(string arguments, string named) =>
        Assert.Contains(SinkCommand.Create().Parse(arguments.Split(' ')).Errors, error => error.Message.Contains(named, StringComparison.Ordinal));

    [Fact]
    public async Task A_port_that_is_taken_ends_it_with_a_clear_word()
    {
        await using var sink = SinkTests.Start();
        using var error = new StringWriter();
        var code = await SinkCommand.Create().Parse(["--bind", sink.Address.ToString()]).InvokeAsync(new() { Error = error }, TestContext.Current.CancellationToken);
        Assert.Equal(1, code);
        Assert.Contains($"cannot listen on {sink.Address}", error.ToString(), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"listening on (?<address>\S+)")]
    private static partial Regex ListeningOn();

    private static async Task<string> RunAsync(string[] arguments, Action<SinkDialogue> play, int port = 0)
    {
        using var stop = new CancellationTokenSource();
        using var buffer = new StringWriter(CultureInfo.InvariantCulture);
        var output = TextWriter.Synchronized(buffer);
        string Printed()
        {
            lock (output)
            {
                return buffer.ToString();
            }
        }
        var running = SinkCommand.Create().Parse(["--bind", $"127.0.0.1:{port}", .. arguments]).InvokeAsync(new() { Output = output }, stop.Token);
        if (port == 0)
        {
            await Eventually.HoldsAsync(() => ListeningOn().IsMatch(Printed()), "a line saying where it listens");
            port = IPEndPoint.Parse(ListeningOn().Match(Printed()).Groups["address"].Value).Port;
        }
        using (var client = new SinkDialogue(new(IPAddress.Loopback, port)))
        {
            client.Reply();
            play(client);
        }
        await stop.CancelAsync();
        Assert.Equal(0, await running);
        return Printed();
    }
}
