using System.Text.Json;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;

namespace MailCluster.Actors.Tests.Sessions;

public class MessageTests
{
    [Fact]
    public async Task The_envelope_has_all_that_was_said()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect("::ffff:127.0.0.1");
        await client.BeginAsync(
            "MAIL FROM:<a@example.org> BODY=8BITMIME RET=FULL ENVID=x+2By",
            "RCPT TO:<\"b c\"@Example.NET> NOTIFY=DELAY,FAILURE ORCPT=rfc822;b+2Bc@example.net",
            "RCPT TO:<d@other.example>", "RCPT TO:<postmaster>", "DATA");
        await client.SendAsync("Subject: caf\u00e9", "", "caf\u00e9", ".");
        var reply = await client.ReplyAsync();

        var kept = Assert.Single(await reception.KeptAsync());
        Assert.Equal($"250 2.0.0 Ok: queued as {kept.Id}", reply);
        var envelope = kept.Envelope;
        Assert.Equal("a@example.org", envelope.ReversePath.Address);
        Assert.Equal(new MailParameters(null, BodyType.EightBitMime, false, ReturnContent.Full, "x+y"), envelope.Parameters);
        Assert.Equal(["example.net", "other.example", "relay.example.net"], envelope.Destinations.Select(destination => destination.Domain.Value));
        var first = envelope.Destinations[0].Recipients[0];
        Assert.Equal(("\"b c\"@Example.NET", Notify.Delay | Notify.Failure, "rfc822;b+c@example.net"), (first.Path.Address, first.Parameters.Notify, first.Parameters.OriginalRecipient));
        Assert.Equal("postmaster@relay.example.net", envelope.Destinations[2].Recipients[0].Path.Address);
        Assert.Equal(("127.0.0.1:40000", "client.example", "ESMTP"), (envelope.Origin.PeerAddress, envelope.Origin.ClientName, envelope.Origin.Protocol));
        Assert.Equal(reception.Time.GetUtcNow(), envelope.Arrived);
        Assert.Equal(ContentTraits.EightBitBody | ContentTraits.EightBitHeader, kept.Traits);
        await client.HangUpAsync();
    }

    [Fact]
    public async Task The_Received_field_comes_first_and_names_a_single_recipient_only()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect("2001:db8::9");
        await using var open = new ReceptionFixture(relay: new() { Networks = [System.Net.IPNetwork.Parse("2001:db8::/32")] });
        using var one = open.Connect("2001:db8::9");
        await one.BeginAsync("MAIL FROM:<>", "RCPT TO:<b@example.net>", "DATA");
        await one.SendAsync(".");
        await one.ReplyAsync();
        Assert.Equal("250 250", await one.DialogueAsync("HELO old.example", "MAIL FROM:<>"));
        Assert.Equal("250 250 354", await one.DialogueAsync("RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>", "DATA"));
        await one.SendAsync(".");
        await one.ReplyAsync();
        var kept = await open.KeptAsync();
        Assert.Equal(
            $"Received: from client.example ([IPv6:2001:db8::9])\r\n\tby relay.example.net with ESMTP id {kept[0].Id}\r\n\tfor <b@example.net>;\r\n\tWed, 04 Mar 2026 05:06:07 +0000\r\n",
            kept[0].Received);
        Assert.Equal(
            $"Received: from old.example ([IPv6:2001:db8::9])\r\n\tby relay.example.net with SMTP id {kept[1].Id};\r\n\tWed, 04 Mar 2026 05:06:07 +0000\r\n",
            kept[1].Received);
        await one.HangUpAsync();
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Dots_are_unstuffed_and_nothing_else_is_changed()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<>", "RCPT TO:<b@example.net>", "DATA");
        await client.SendRawAsync("..\r\n...\r\n.x\r\n \t\u00ff\r\n\r\n.\r\n");
        Assert.Equal("250", await client.CodesAsync(1));
        Assert.Equal(".\r\n..\r\nx\r\n \t\u00ff\r\n\r\n", Assert.Single(await reception.KeptAsync()).Text);
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Chunks_are_kept_octet_by_octet_however_they_are_cut()
    {
        const string Content = "Subject: x\r\n\r\n.\r\n..\r\nMAIL FROM:<evil@example.org>\r\n.\r\nend";
        await using var reception = new ReceptionFixture();
        for (var size = 1; size <= Content.Length; size += 7)
        {
            using var client = reception.Connect();
            await client.BeginAsync("MAIL FROM:<>", "RCPT TO:<b@example.net>");
            var at = 0;
            for (; at + size < Content.Length; at += size)
            {
                await client.SendRawAsync($"BDAT {size}\r\n{Content.AsSpan(at, size)}");
                Assert.Equal("250", await client.CodesAsync(1));
            }
            await client.SendRawAsync($"BDAT {Content.Length - at} LAST\r\n{Content[at..]}");
            Assert.Equal("250", await client.CodesAsync(1));
            await client.HangUpAsync();
        }
        Assert.All(await reception.KeptAsync(), kept =>
        {
            Assert.Equal(Content, kept.Text);
            Assert.Equal(ContentTraits.HasLeadingDot | ContentTraits.LacksFinalCrlf, kept.Traits);
        });
    }

    [Fact]
    public async Task A_bare_newline_is_made_whole_where_the_listener_says_so()
    {
        await using var reception = new ReceptionFixture(bareNewline: BareNewlines.Normalize);
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<>", "RCPT TO:<b@example.net>", "DATA");
        await client.SendRawAsync("a\n.\nMAIL FROM:<evil@example.org>\r.\r\n.\r\n");
        Assert.Equal("250", await client.CodesAsync(1));
        Assert.Equal("a\r\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\n", Assert.Single(await reception.KeptAsync()).Text);
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Fifty_thousand_recipients_are_one_message_and_twins_are_delivered_once()
    {
        await using var reception = new ReceptionFixture(new() { Recipients = 50_000 });
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        for (var i = 0; i < 50_000; i += 500)
        {
            // Two of five hundred are the same: the domain in another case, the local part not.
            await client.SendAsync([.. Enumerable.Range(i, 498).Select(n => $"RCPT TO:<user{n}@d{n % 1000}.example>"), "RCPT TO:<User0@d0.example>", "RCPT TO:<User0@D0.EXAMPLE>"]);
            Assert.Equal(500, (await client.CodesAsync(500)).Split(' ').Count(code => code == "250"));
        }
        Assert.Equal("452", await client.DialogueAsync("RCPT TO:<more@example.net>"));
        Assert.Equal("354", await client.DialogueAsync("DATA"));
        await client.SendAsync(".");
        Assert.Equal("250", await client.CodesAsync(1));
        var kept = Assert.Single(await reception.KeptAsync());
        Assert.Equal(996, kept.Envelope.Destinations.Length);
        Assert.Equal((100 * 498) + 1, kept.Envelope.Destinations.Sum(destination => destination.Recipients.Length));
        Assert.DoesNotContain("for <", kept.Received, StringComparison.Ordinal);
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Events_tell_of_what_was_accepted_and_what_was_refused()
    {
        await using var reception = new ReceptionFixture(new() { Recipients = 100 }, new() { Domains = [new("ours.example")] });
        using var client = reception.Connect("198.51.100.7");
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        Assert.Equal("550", await client.DialogueAsync("RCPT TO:<b@example.net>"));
        Assert.Equal("250 354", await client.DialogueAsync("RCPT TO:<b@ours.example>", "DATA"));
        await client.SendAsync("hello", ".");
        Assert.Equal("250", await client.CodesAsync(1));
        await client.HangUpAsync();
        var kept = Assert.Single(await reception.KeptAsync());
        Assert.Collection(
            await reception.EventsAsync(),
            rejection => Assert.Equal(
                "Rejection 550 5.7.1 a@example.org b@example.net 198.51.100.7:40000 client.example", Fields(rejection, "type", "response.code", "response.enhanced_code", "sender", "recipient", "peer_address", "peer_name")),
            accepted => Assert.Equal(
                $"Reception {kept.Id} a@example.org b@ours.example 1 {kept.Content.Length} ours.example {kept.Envelope.Origin.Session}", Fields(accepted, "type", "id", "sender", "recipient", "nrcpt", "size", "destination", "session")));
    }

    [Fact]
    public async Task Thousands_of_recipients_over_the_limit_make_one_event()
    {
        await using var reception = new ReceptionFixture(new() { Recipients = 100 });
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        await client.SendAsync([.. Enumerable.Range(0, 1000).Select(i => $"RCPT TO:<u{i}@example.net>")]);
        Assert.Equal(900, (await client.CodesAsync(1000)).Split(' ').Count(code => code == "452"));
        await client.HangUpAsync();
        Assert.Equal("Rejection 4.5.3", Fields(Assert.Single(await reception.EventsAsync()), "type", "response.enhanced_code"));
    }

    [Fact]
    public async Task A_message_that_cannot_be_stored_is_refused_for_now_and_the_session_goes_on()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        // Large content needs a file of its own.
        Directory.Delete(Path.Combine(reception.Folder, "spool", "large"), recursive: true);
        await client.SendRawAsync(string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 2000)) + ".\r\n");
        Assert.StartsWith("451 4.3.0 ", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.Empty(await reception.KeptAsync());
        Assert.Equal("250 250 354", await client.DialogueAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA"));
        await client.SendAsync("small", ".");
        Assert.Equal("250", await client.CodesAsync(1));
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Large_content_is_kept_whole()
    {
        var content = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i}\r\n"));
        await using var reception = new ReceptionFixture(contentMemory: 64 << 10);
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        await client.SendRawAsync(content + ".\r\n");
        Assert.Equal("250", await client.CodesAsync(1));
        Assert.Equal(content, Assert.Single(await reception.KeptAsync()).Text);
        await client.HangUpAsync();
    }

    private static string Fields(JsonElement line, params string[] names) =>
        string.Join(' ', names.Select(name => name.Split('.').Aggregate(line, (element, part) => element.GetProperty(part)).ToString()));
}
