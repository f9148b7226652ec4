namespace MailCluster.Actors.Tests.Sessions;

public class DrainTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Sessions_that_wait_for_a_command_are_ended_at_once()
    {
        await using var reception = new ReceptionFixture();
        using Client greeted = reception.Connect(), idle = reception.Connect(), begun = reception.Connect(), typing = reception.Connect();
        await greeted.ReplyAsync();
        await idle.BeginAsync();
        await begun.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>");
        await typing.BeginAsync();
        await typing.SendRawAsync("NOO");
        var drained = reception.Reception.DrainAsync(CancellationToken.None);
        foreach (var client in (Client[])[greeted, idle, begun, typing])
        {
            Assert.StartsWith("421 4.3.2 ", await client.ReplyAsync(), StringComparison.Ordinal);
            await client.ClosedAsync();
        }
        await drained.WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("DATA", ".\r\n")]
    [InlineData("BDAT 0", "BDAT 2 LAST\r\n\r\n")]
    public async Task Content_under_way_is_finished_and_then_the_session_ends(string begin, string end)
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", begin);
        var drained = reception.Reception.DrainAsync(CancellationToken.None);
        Assert.False(drained.IsCompleted);
        await client.SendRawAsync(end);
        Assert.StartsWith("250 2.0.0 Ok: queued as", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("421 4.3.2 ", await client.ReplyAsync(), StringComparison.Ordinal);
        await client.ClosedAsync();
        await drained.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Single(await reception.KeptAsync());
    }

    [Fact]
    public async Task A_session_that_never_pauses_is_ended_at_its_next_MAIL()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        var drained = reception.Reception.DrainAsync(CancellationToken.None);
        await client.SendAsync(".", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>");
        Assert.Equal("250 421", await client.CodesAsync(2));
        await client.ClosedAsync();
        await drained.WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Whoever_comes_later_is_not_greeted()
    {
        await using var reception = new ReceptionFixture();
        await reception.Reception.DrainAsync(CancellationToken.None);
        using var client = reception.Connect();
        Assert.StartsWith("421 4.3.2 ", await client.ReplyAsync(), StringComparison.Ordinal);
        await client.ClosedAsync();
    }

    [Fact]
    public async Task Before_the_node_is_ready_nobody_is_greeted_and_afterwards_everybody_is()
    {
        await using var reception = new ReceptionFixture(ready: false);
        using var early = reception.Connect();
        Assert.StartsWith("421 4.3.2 ", await early.ReplyAsync(), StringComparison.Ordinal);
        await early.ClosedAsync();
        reception.Reception.SetReady(true);
        using var late = reception.Connect();
        await late.BeginAsync();
        reception.Reception.SetReady(false);
        Assert.StartsWith("421", await late.DialogueAsync("MAIL FROM:<a@example.org>"), StringComparison.Ordinal);
        await late.ClosedAsync();
    }

    [Fact]
    public async Task Who_waits_for_the_drain_may_stop_waiting()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        using var enough = new CancellationTokenSource();
        var drained = reception.Reception.DrainAsync(enough.Token);
        await enough.CancelAsync();
        await drained.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, reception.Reception.Count);
        await client.HangUpAsync();
    }
}
