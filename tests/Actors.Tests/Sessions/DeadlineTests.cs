using MailCluster.Actors.Sessions;

namespace MailCluster.Actors.Tests.Sessions;

public class DeadlineTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private readonly LimitsOptions _limits = new() { IdleTimeout = TimeSpan.FromMinutes(5), TransactionTimeout = TimeSpan.FromMinutes(30) };

    [Fact]
    public async Task A_client_that_says_nothing_is_ended_after_the_idle_timeout_and_not_before()
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync();
        reception.Time.Move(TimeSpan.FromSeconds(299));
        Assert.False(client.HasReply);
        Assert.Equal("250", await client.DialogueAsync("NOOP"));
        reception.Time.Move(TimeSpan.FromSeconds(299));
        Assert.False(client.HasReply);
        reception.Time.Move(TimeSpan.FromSeconds(2));
        Assert.Equal("421 4.4.2 Timed out", await client.ReplyAsync());
        await client.ClosedAsync();
        Assert.Equal(0, reception.Reception.Count);
    }

    [Fact]
    public async Task A_command_sent_octet_by_octet_must_be_complete_within_the_idle_timeout_from_its_first()
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync();
        reception.Time.Move(4 * s_minute);
        Assert.InRange(await MinutesUntilEndAsync(reception, client, "N"), 5, 6);
    }

    [Fact]
    public async Task A_line_without_end_gains_nothing_by_being_too_long()
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync();
        Assert.InRange(await MinutesUntilEndAsync(reception, client, new string('N', 3000)), 5, 6);
    }

    [Fact]
    public async Task Content_that_stops_is_ended_after_the_idle_timeout()
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        Assert.InRange(await MinutesUntilEndAsync(reception, client, ""), 5, 6);
    }

    [Theory]
    [InlineData("DATA", "x\r\n")]
    [InlineData("BDAT 100000", "x")]
    [InlineData("BDAT 100000000", "x")]
    [InlineData("NOOP", "NOOP\r\n")]
    [InlineData("NOOP", "RCPT TO:<b@example.net>\r\n")]
    public async Task A_transaction_that_drips_is_ended_after_its_own_timeout(string begin, string drop)
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>");
        await client.SendAsync(begin);
        if (!begin.StartsWith("BDAT", StringComparison.Ordinal))
        {
            await client.CodesAsync(1);
        }
        Assert.InRange(await MinutesUntilEndAsync(reception, client, drop, skip: drop.Length > 3 ? "250" : null), 30, 31);
        Assert.Empty(await reception.KeptAsync());
    }

    [Fact]
    public async Task A_client_between_transactions_may_go_on_as_long_as_it_says_something()
    {
        await using var reception = new ReceptionFixture(_limits);
        using var client = reception.Connect();
        await client.BeginAsync();
        for (var i = 0; i < 60; i++)
        {
            reception.Time.Move(4 * s_minute);
            Assert.Equal("250 250 250", await client.DialogueAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "RSET"));
        }
        await client.HangUpAsync();
    }

    private static async Task<double> MinutesUntilEndAsync(ReceptionFixture reception, Client client, string drop, string? skip = null)
    {
        for (var minutes = 1; minutes < 60; minutes++)
        {
            await client.SendRawAsync(drop);
            if (skip is not null)
            {
                Assert.Equal(skip, await client.CodesAsync(1));
            }
            reception.Time.Move(s_minute);
            if (client.HasReply)
            {
                Assert.Equal("421 4.4.2 Timed out", await client.ReplyAsync());
                await client.ClosedAsync();
                return minutes;
            }
        }
        return double.PositiveInfinity;
    }
}
