using System.Diagnostics;
using System.Net;
using MailCluster.Node.Sink;

namespace MailCluster.EndToEnd.Tests;

public sealed class SinkMisfortuneTests
{
    // Each line of a whole session, and the step it stands for.
    private static readonly (string Step, string Line, string Usual)[] Session =
    [
        ("ehlo", "EHLO client.test", "250"),
        ("helo", "HELO client.test", "250"),
        ("mail", "MAIL FROM:<a@example.org>", "250"),
        ("rcpt", "RCPT TO:<b@example.net>", "250"),
        ("data", "DATA", "354"),
        ("dot", "x\r\n.", "250"),
        ("rset", "RSET", "250"),
        ("quit", "QUIT", "221"),
    ];

    public static TheoryData<string> Steps => ["connect", .. Session.Select(line => line.Step)];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_is_answered_as_asked(string step)
    {
        await using var sink = SinkTests.Start(misfortunes: SinkMisfortune.ParseReply($"{step}=451 4.7.1 Come back later")!);
        using var client = new SinkDialogue(sink.Address);
        var replies = Play(client, step);

        Assert.Equal("451 4.7.1 Come back later", replies[^1]);
        Assert.Equal(1, sink.Counters.Refusals);
        Assert.Equal(step is "rset" or "quit" ? 1 : 0, sink.Counters.Messages);
        if (step != "quit")
        {
            Assert.Equal(["250"], client.Say("NOOP"));
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_421_closes(string step)
    {
        await using var sink = SinkTests.Start(misfortunes: SinkMisfortune.ParseReply($"{step}=421")!);
        using var client = new SinkDialogue(sink.Address);
        Assert.StartsWith("421 4.3.2 ", Play(client, step)[^1], StringComparison.Ordinal);
        Assert.Null(client.Reply());
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_hangs_up_as_asked(string step)
    {
        await using var sink = SinkTests.Start(misfortunes: new SinkMisfortune(SinkMisfortune.ParseStep(step)!.Value, SinkMisfortuneKind.HangUp));
        using var client = new SinkDialogue(sink.Address);
        Assert.Null(Play(client, step)[^1]);
        Assert.Equal((1, step is "rset" or "quit" ? 1 : 0), (sink.Counters.HangUps, sink.Counters.Messages));
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_hangs_up_after_its_reply_as_asked(string step)
    {
        await using var sink = SinkTests.Start(misfortunes: new SinkMisfortune(SinkMisfortune.ParseStep(step)!.Value, SinkMisfortuneKind.HangUpAfter));
        using var client = new SinkDialogue(sink.Address);
        Assert.Matches("^[23]", Play(client, step)[^1]!);
        Assert.Null(client.Reply());
        Assert.Equal(step is "dot" or "rset" or "quit" ? 1 : 0, sink.Counters.Messages);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_is_late_as_asked(string step)
    {
        await using var sink = SinkTests.Start(misfortunes: SinkMisfortune.ParseDelay($"{step}=300ms")!);
        var start = Stopwatch.GetTimestamp();
        using var client = new SinkDialogue(sink.Address);
        Assert.Matches("^[23]", Play(client, step)[^1]!);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(290), TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("450-at-rcpt@example.net", "250 450")]
    [InlineData("450-at-rcpt+17@example.net", "250 450")]
    [InlineData("550-at-rcpt@example.net", "250 550")]
    [InlineData("550-at-mail@example.net", "250 250 354 250")]       // a recipient says nothing about MAIL
    [InlineData("421-at-data@example.net", "250 250 421 closed")]
    [InlineData("554-at-dot.x@example.net", "250 250 354 554")]
    [InlineData("hangup-at-rcpt@example.net", "250 closed")]
    [InlineData("hangup-at-dot@example.net", "250 250 354 closed")]
    [InlineData("hangup-after-dot@example.net", "250 250 354 250 closed")]
    [InlineData("garbage-at-rcpt@example.net", "250 \0\u0001 ")]
    [InlineData("endless-at-rcpt@example.net", "250 555")]
    [InlineData("250-at-rcpt@example.net", "250 250 354 250")]
    [InlineData("550-at-nowhere@example.net", "250 250 354 250")]
    [InlineData("450-at-rcptx@example.net", "250 250 354 250")]
    public async Task A_recipient_scripts_its_misfortune(string recipient, string expected)
    {
        await using var sink = SinkTests.Start();
        using var client = SinkTests.Greeted(sink);
        var codes = new List<string>();
        foreach (var line in new[] { "MAIL FROM:<a@example.org>", $"RCPT TO:<{recipient}>", "DATA", "x\r\n.", "NOOP" })
        {
            codes.AddRange(codes is [.., "closed"] || codes.Count > 1 && codes[^1][0] is not ('2' or '3') && codes[^1] != "421" ? [] : client.Say(line));
        }
        Assert.StartsWith(expected, string.Join(' ', codes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("450-at-mail@example.org", "450")]
    [InlineData("450-at-rcpt@example.org", "250 450 450")]
    [InlineData("450-at-data@example.org", "250 250 250 450")]
    public async Task A_sender_scripts_its_misfortune(string sender, string expected)
    {
        await using var sink = SinkTests.Start();
        using var client = SinkTests.Greeted(sink);
        Assert.Equal(expected, string.Join(' ', client.Say([.. new[] { $"MAIL FROM:<{sender}>", "RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>", "DATA" }.Take(expected.Split(' ').Length)])));
        Assert.Equal(["250", "250", "250", "354", "250"], client.Say("RSET", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA", "x\r\n."));
    }

    [Fact]
    public async Task One_recipient_scripts_nothing_for_another_of_its_step()
    {
        await using var sink = SinkTests.Start();
        using var client = SinkTests.Greeted(sink);
        Assert.Equal(["250", "550", "250", "450", "250", "354", "250"],
            client.Say("MAIL FROM:<a@example.org>", "RCPT TO:<550-at-rcpt@example.net>", "RCPT TO:<b@example.net>", "RCPT TO:<450-at-rcpt@example.net>", "RCPT TO:<c@example.net>", "DATA", "x\r\n."));
        Assert.Equal(2, sink.Counters.Recipients);
    }

    [Fact]
    public async Task Once_is_once_for_each_address()
    {
        await using var sink = SinkTests.Start();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var client = SinkTests.Greeted(sink);
            Assert.Equal(attempt == 0 ? ["250", "450", "450"] : ["250", "250", "250"],
                client.Say("MAIL FROM:<a@example.org>", "RCPT TO:<450-once-at-rcpt+1@example.net>", "RCPT TO:<450-once-at-rcpt+2@example.net>"));
        }
    }

    [Fact]
    public async Task A_silent_step_is_never_answered_and_ends_with_the_sink()
    {
        var sink = SinkTests.Start();
        using var client = SinkTests.Greeted(sink);
        client.Say("MAIL FROM:<a@example.org>");
        client.Send("RCPT TO:<silent-at-rcpt@example.net>\r\nNOOP\r\n");
        var reply = Task.Run(client.Reply);
        Assert.NotSame(reply, await Task.WhenAny(reply, Task.Delay(300, TestContext.Current.CancellationToken)));
        await sink.DisposeAsync();
        Assert.Null(await reply);
    }

    [Fact]
    public async Task Misfortune_strikes_in_its_share()
    {
        await using var sink = new SinkServer(new() { Bind = new(IPAddress.Loopback, 0), Misfortunes = [SinkMisfortune.ParseReply("rcpt=450")!], Share = 0.3 });
        using var client = SinkTests.Greeted(sink);
        client.Say("MAIL FROM:<a@example.org>");
        var refused = Enumerable.Range(0, 1000).Count(_ => client.Say("RCPT TO:<b@example.net>") is ["450"]);
        Assert.InRange(refused, 200, 400);
    }

    [Fact]
    public async Task What_is_not_offered_is_refused()
    {
        await using var sink = new SinkServer(new()
        {
            Bind = new(IPAddress.Loopback, 0), Pipelining = false, EightBitMime = false, Dsn = false, Chunking = false, SmtpUtf8 = false, Size = 100, MaxRecipients = 2,
        });
        using var client = new SinkDialogue(sink.Address);
        client.Reply();
        client.Send("EHLO client.test\r\n");
        Assert.Equal("250-sink.localhost|250-SIZE 100|250 ENHANCEDSTATUSCODES", client.Reply());
        Assert.Equal(["555", "555", "555", "552", "250", "555", "555", "250", "250", "452", "500"],
            client.Say("MAIL FROM:<a@example.org> BODY=8BITMIME", "MAIL FROM:<a@example.org> RET=HDRS", "MAIL FROM:<a@example.org> SMTPUTF8", "MAIL FROM:<a@example.org> SIZE=101",
                "MAIL FROM:<a@example.org> SIZE=100", "RCPT TO:<b@example.net> NOTIFY=NEVER", "RCPT TO:<b@example.net> ORCPT=rfc822;b", "RCPT TO:<b@example.net>",
                "RCPT TO:<c@example.net>", "RCPT TO:<d@example.net>", "BDAT 0 LAST"));
        Assert.Equal(["354", "552"], client.Say("DATA", new string('x', 99) + "\r\n."));
        client.Send("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n");
        Assert.Equal(("250", "503"), (client.Code(), client.Code()));
    }

    [Theory]
    [InlineData("rcpt")]
    [InlineData("rcpt=")]
    [InlineData("rcpt=250")]
    [InlineData("rcpt=45")]
    [InlineData("rcpt=4500")]
    [InlineData("nowhere=450")]
    [InlineData("3=450")]
    [InlineData("")]
    public void A_reply_that_makes_no_sense_is_not_taken(string text) => Assert.Null(SinkMisfortune.ParseReply(text));

    private static List<string?> Play(SinkDialogue client, string step)
    {
        List<string?> replies = [client.Reply()];
        foreach (var (at, line, _) in Session.TakeWhile(_ => step != "connect"))
        {
            client.Send(line + "\r\n");
            replies.Add(client.Reply());
            if (at == step)
            {
                break;
            }
        }
        return replies;
    }
}
