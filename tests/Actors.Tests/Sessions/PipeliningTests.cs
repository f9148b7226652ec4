using MailCluster.Actors.Sessions;

namespace MailCluster.Actors.Tests.Sessions;

public class PipeliningTests
{
    [Fact]
    public async Task A_group_is_answered_by_one_write()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync();
        var before = client.Sent.Flushes;
        await client.SendAsync("NOOP", "RSET", "VRFY x", "HELP", "NOOP");
        Assert.Equal("250 250 252 214 250", await client.CodesAsync(5));
        Assert.Equal(1, client.Sent.Flushes - before);
    }

    [Fact]
    public async Task MAIL_RCPT_and_DATA_are_answered_by_one_write_and_the_message_by_another()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync();
        var before = client.Sent.Flushes;
        await client.SendAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "RCPT TO:<c@example.net>", "DATA");
        Assert.Equal("250 250 250 354", await client.CodesAsync(4));
        Assert.Equal(1, client.Sent.Flushes - before);
        await client.SendAsync("Subject: x", "", "y", ".", "MAIL FROM:<a@example.org>");
        Assert.Equal("250 250", await client.CodesAsync(2));
        var kept = Assert.Single(await reception.KeptAsync());
        Assert.Equal("Subject: x\r\n\r\ny\r\n", kept.Text);
        await client.HangUpAsync();
    }

    [Fact]
    public async Task What_comes_before_the_greeting_is_answered_after_it()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.SendAsync("HELO early.example", "QUIT");
        Assert.Equal("220 250 221", await client.CodesAsync(3));
        await client.ClosedAsync();
    }

    [Fact]
    public async Task Many_messages_pipelined_to_the_last_octet_are_all_kept_in_order()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync();
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
            await client.SendAsync($"Subject: {i}", "", ".");
        }
        await client.SendAsync("QUIT");
        Assert.Equal(string.Join(' ', Enumerable.Repeat("250 250 354 250", 50)) + " 221", await client.CodesAsync(201));
        await client.ClosedAsync();
        var kept = await reception.KeptAsync();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"Subject: {i}\r\n\r\n"), kept.Select(message => message.Text));
        Assert.Equal(50, kept.Select(message => message.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_client_that_floods_and_does_not_read_is_stopped_before_our_memory_is_full()
    {
        await using var reception = new ReceptionFixture(new() { IdleTimeout = TimeSpan.FromMinutes(1) });
        using var client = reception.Connect(toClient: new(pauseWriterThreshold: 20_000, resumeWriterThreshold: 10_000, useSynchronizationContext: false));
        await client.BeginAsync();
        var flood = client.SendAsync([.. Enumerable.Repeat("NOOP", 100_000)]);
        Assert.False(flood.IsCompleted);
        for (var i = 0; i < 3; i++)
        {
            reception.Time.Move(TimeSpan.FromMinutes(1));
        }
        await client.Run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await flood;
        await client.HangUpAsync();
    }

    [Fact]
    public async Task The_last_replies_are_not_waited_for_beyond_a_short_farewell()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync();
        await client.SendAsync("QUIT");
        await client.Run.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.False(client.IsAborted);
        reception.Time.Move(TimeSpan.FromSeconds(9));
        Assert.False(client.IsAborted);
        reception.Time.Move(TimeSpan.FromSeconds(2));
        Assert.True(client.IsAborted);
    }

    [Fact]
    public async Task Reset_anywhere_leaves_nothing_of_what_was_before()
    {
        string[] before = ["MAIL FROM:<wrong@example.org>", "RCPT TO:<wrong@example.net>", "RCPT TO:<wrong2@example.net>", "BDAT 0", "BDAT 0"];
        await using var reception = new ReceptionFixture();
        for (var i = 0; i <= before.Length; i++)
        {
            using var client = reception.Connect();
            await client.BeginAsync(before[..i]);
            Assert.Equal("250", await client.DialogueAsync("RSET"));
            Assert.Equal("503", await client.DialogueAsync("DATA"));
            Assert.Equal("250 250 354", await client.DialogueAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA"));
            await client.SendAsync($"{i}", ".");
            Assert.Equal("250", await client.CodesAsync(1));
            await client.HangUpAsync();
        }
        var kept = await reception.KeptAsync();
        Assert.Equal(before.Length + 1, kept.Count);
        Assert.All(kept, message =>
        {
            Assert.Equal("a@example.org", message.Envelope.ReversePath.Address);
            Assert.Equal("b@example.net", Assert.Single(Assert.Single(message.Envelope.Destinations).Recipients).Path.Address);
        });
    }
}
