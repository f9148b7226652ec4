using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MailCluster.EndToEnd.Tests.Support;
using MailCluster.Node.Sink;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCluster.EndToEnd.Tests;

public sealed class SinkTests
{
    private const string Message = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n and more\r\n\r\nOne\r\n..two\r\n...\r\n";
    private const string Content = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n and more\r\n\r\nOne\r\n.two\r\n..\r\n";

    [Fact]
    public async Task Tells_of_each_message_what_came()
    {
        var taken = new ConcurrentQueue<SinkMessage>();
        await using var sink = Start(taken: taken.Enqueue);
        using var client = Greeted(sink);

        Assert.Equal(["250", "250", "250", "354", "250", "221"],
            client.Say("MAIL FROM:<a@example.org> SIZE=100", "RCPT TO:<b@example.net> NOTIFY=NEVER", "rcpt to:<c@example.net>", "DATA", Message + ".", "QUIT"));

        var message = Assert.Single(taken);
        Assert.Equal(("client.test", "<a@example.org> SIZE=100", "Grüße and more"), (message.Client, message.Mail, message.Subject));
        Assert.Equal(["<b@example.net> NOTIFY=NEVER", "<c@example.net>"], message.Recipients);
        Assert.Equal((Content.Length, Hash(Content)), (message.Size, message.Sha256));
        Assert.Equal((1, 2, Content.Length, 1), (sink.Counters.Messages, sink.Counters.Recipients, sink.Counters.Octets, sink.Counters.Connections));
    }

    [Fact]
    public async Task Keeps_content_exactly_and_goes_on_numbering_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var store = folder.File("store");
        for (var run = 1; run <= 2; run++)
        {
            await using var sink = Start(store: store);
            using var client = Greeted(sink);
            client.Say("MAIL FROM:<>", "RCPT TO:<b@example.net>", "DATA", Message + ".");
            client.Say("MAIL FROM:<broken@example.net>", "RCPT TO:<b@example.net>", "DATA");
            client.Send("half a mess");
        }

        Assert.Equal(["00000001.eml", "00000001.json", "00000002.eml", "00000002.json"], Directory.GetFiles(store).Select(Path.GetFileName).Order());
        Assert.Equal(Content, File.ReadAllText(Path.Combine(store, "00000002.eml"), Encoding.Latin1));
        using var envelope = JsonDocument.Parse(File.ReadAllText(Path.Combine(store, "00000002.json")));
        Assert.Equal("<>", envelope.RootElement.GetProperty("mail").GetString());
        Assert.Equal(Hash(Content), envelope.RootElement.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Content_is_the_same_however_its_octets_are_split()
    {
        var octets = Encoding.Latin1.GetBytes("..\r\n\r\n.\rx\r\n.\r.\r\n\n.\nx\r\r\n...\r\n.\r\n");
        var expected = ".\r\n\r\n\rx\r\n\r.\r\n\n.\nx\r\r\n..\r\n";
        for (var first = 0; first <= octets.Length; first++)
        {
            for (var second = first; second <= octets.Length; second++)
            {
                var scanner = new DataScanner();
                var content = new StringBuilder();
                var ended = false;
                foreach (var part in new[] { octets[..first], octets[first..second], octets[second..] })
                {
                    for (var rest = part.AsSpan(); rest.Length > 0;)
                    {
                        Assert.False(ended, "the end came early");
                        ended = scanner.Next(rest, out var run, out var consumed);
                        content.Append(Encoding.Latin1.GetString(run));
                        rest = rest[consumed..];
                    }
                }
                Assert.True(ended);
                Assert.Equal(expected, content.ToString());
            }
        }
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Everything_may_be_pipelined_and_split_anyhow(int step)
    {
        var taken = new ConcurrentQueue<SinkMessage>();
        await using var sink = Start(taken: taken.Enqueue);
        using var client = new SinkDialogue(sink.Address);
        var transaction = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n" + Message + ".\r\n";
        var chunks = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nBDAT 5\r\n.\r\n.\rBDAT 0\r\nBDAT 3 LAST\r\n\n..";
        var octets = Encoding.Latin1.GetBytes($"EHLO client.test\r\n{transaction}{transaction}{chunks}RSET\r\nNOOP\r\nQUIT\r\n");
        for (var sent = 0; sent < octets.Length; sent += step)
        {
            client.Send(octets.AsSpan(sent, Math.Min(step, octets.Length - sent)));
        }

        Assert.Equal("220 250 250 250 354 250 250 250 354 250 250 250 250 250 250 250 250 221 closed", string.Join(' ', Enumerable.Range(0, 19).Select(_ => client.Code())));
        Assert.Equal([Hash(Content), Hash(Content), Hash(".\r\n.\r\n..")], taken.Select(message => message.Sha256));
    }

    [Fact]
    public async Task MailKit_can_send_to_it()
    {
        var taken = new ConcurrentQueue<SinkMessage>();
        await using var sink = Start(taken: taken.Enqueue);
        using var message = new MimeMessage { Subject = "Hello", Body = new TextPart("plain") { Text = new string('.', 70) + "\r\n.\r\n.." } };
        message.From.Add(MailboxAddress.Parse("a@example.org"));
        message.To.Add(MailboxAddress.Parse("b@example.net"));
        message.To.Add(MailboxAddress.Parse("c@example.net"));
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", sink.Address.Port, SecureSocketOptions.None, TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(message, TestContext.Current.CancellationToken);
        }
        await client.DisconnectAsync(true, TestContext.Current.CancellationToken);

        Assert.Equal(3, taken.Count);
        Assert.All(taken, one => Assert.Equal(("Hello", 2), (one.Subject, one.Recipients.Count)));
    }

    [Fact]
    public async Task Every_message_answered_250_is_counted_when_it_stops_in_the_middle()
    {
        var sink = Start();
        long answered = 0;
        using var many = new CountdownEvent(2000);
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            using var client = Greeted(sink);
            while (client.Say("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA", "x\r\n.") is [.., "250"])
            {
                Interlocked.Increment(ref answered);
                many.Signal(many.IsSet ? 0 : 1);
            }
        })).ToArray();
        Assert.True(many.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        await sink.DisposeAsync();
        await Task.WhenAll(clients.Select(client => client.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.InRange(sink.Counters.Messages, answered, answered + 8);
        Assert.True(answered >= 2000);
    }

    [Fact]
    public async Task What_is_no_smtp_is_refused_and_the_session_goes_on()
    {
        await using var sink = Start();
        using var client = Greeted(sink);
        Assert.Equal(["500", "500", "503", "503", "555", "250", "503", "554", "250"],
            client.Say("FROB", new string('x', 200_000), "RCPT TO:<b@example.net>", "DATA", "MAIL FROM:a@example.org", "MAIL FROM:<a@example.org>", "MAIL FROM:<a@example.org>", "DATA", "RSET"));
        client.Send("BDAT 3\r\nabc");
        Assert.Equal("503", client.Code());
        Assert.Equal(["501", "closed"], client.Say("BDAT many", "NOOP"));
    }

    internal static SinkServer Start(Action<SinkMessage>? taken = null, string? store = null, params SinkMisfortune[] misfortunes) =>
        new(new() { Bind = new(IPAddress.Loopback, 0), Taken = taken, Store = store, Misfortunes = misfortunes });

    internal static SinkDialogue Greeted(SinkServer sink)
    {
        var client = new SinkDialogue(sink.Address);
        Assert.Equal("220", client.Code());
        Assert.Equal(["250"], client.Say("EHLO client.test"));
        return client;
    }

    private static string Hash(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(content)));
}
