using System.Net;
using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Tests.Sessions;

public class LimitsTests
{
    [Fact]
    public async Task Connections_over_the_limit_are_refused_before_anything_else_and_leave_room_when_they_go()
    {
        await using var reception = new ReceptionFixture(new() { Connections = 2, ConnectionsPerClient = 10 });
        using Client first = reception.Connect(), second = reception.Connect("198.51.100.7"), third = reception.Connect("198.51.100.8");
        Assert.StartsWith("421 4.3.2 ", await third.ReplyAsync(), StringComparison.Ordinal);
        await third.ClosedAsync();
        await first.HangUpAsync();
        using var fourth = reception.Connect();
        Assert.StartsWith("220 ", await fourth.ReplyAsync(), StringComparison.Ordinal);
        await second.HangUpAsync();
        await fourth.HangUpAsync();
        Assert.Equal(0, reception.Reception.Count);
    }

    [Fact]
    public async Task A_client_is_one_client_in_IPv4_and_in_IPv6_clothes()
    {
        await using var reception = new ReceptionFixture(new() { ConnectionsPerClient = 2 });
        using Client first = reception.Connect("198.51.100.7"), second = reception.Connect("::ffff:198.51.100.7"), third = reception.Connect("198.51.100.7"), other = reception.Connect("198.51.100.8");
        Assert.StartsWith("421 4.7.0 ", await third.ReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("220 ", await other.ReplyAsync(), StringComparison.Ordinal);
        foreach (var client in (Client[])[first, second, third, other])
        {
            await client.HangUpAsync();
        }
    }

    [Fact]
    public async Task A_closed_domain_is_refused_at_RCPT_and_taken_again_when_it_opens()
    {
        await using var reception = new ReceptionFixture();
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        reception.Closed.Close(new("full.example"));
        await client.SendAsync("RCPT TO:<b@full.example>");
        Assert.StartsWith("452 4.3.1 ", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("250", await client.DialogueAsync("RCPT TO:<b@other.example>"));
        reception.Closed.Open(new("full.example"));
        Assert.Equal("250", await client.DialogueAsync("RCPT TO:<b@full.example>"));
        await client.HangUpAsync();
    }

    [Fact]
    public async Task A_transaction_may_not_overrun_the_queue_by_itself()
    {
        await using var reception = new ReceptionFixture(new() { Queue = 3 });
        using var client = reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        Assert.Equal("250 250 250 452", await client.DialogueAsync("RCPT TO:<a@b.example>", "RCPT TO:<b@b.example>", "RCPT TO:<c@b.example>", "RCPT TO:<d@b.example>"));
        Assert.Equal("354", await client.DialogueAsync("DATA"));
        await client.SendAsync(".");
        Assert.Equal("250", await client.CodesAsync(1));
        await client.HangUpAsync();
    }

    [Fact]
    public async Task Without_room_for_content_there_is_no_354_until_there_is()
    {
        await using var reception = new ReceptionFixture(contentMemory: 0);
        using Client first = reception.Connect(), second = reception.Connect(), third = reception.Connect();
        foreach (var client in (Client[])[first, second, third])
        {
            await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>");
        }
        Assert.Equal("354", await first.DialogueAsync("DATA"));
        Assert.Equal("354", await second.DialogueAsync("DATA"));
        await third.SendAsync("NOOP", "DATA");
        Assert.Equal("250", await third.CodesAsync(1));
        Assert.False(third.HasReply);
        await first.SendAsync(".");
        Assert.Equal("250", await first.CodesAsync(1));
        Assert.Equal("354", await third.CodesAsync(1));
        await third.SendAsync(".");
        Assert.Equal("250", await third.CodesAsync(1));
        await second.HangUpAsync();
        await third.HangUpAsync();
        await first.HangUpAsync();
        Assert.Equal(2, (await reception.KeptAsync()).Count);
    }

    [Fact]
    public async Task Who_has_waited_too_long_for_room_is_put_off_and_who_goes_meanwhile_is_forgotten()
    {
        await using var reception = new ReceptionFixture(new() { IdleTimeout = TimeSpan.FromMinutes(5) }, contentMemory: 0);
        Client[] holders = [reception.Connect(), reception.Connect()];
        using Client waiting = reception.Connect(), leaving = reception.Connect();
        foreach (var client in (Client[])[.. holders, waiting, leaving])
        {
            await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>");
        }
        foreach (var holder in holders)
        {
            Assert.Equal("354", await holder.DialogueAsync("DATA"));
        }
        await waiting.SendAsync("NOOP", "DATA");
        Assert.Equal("250", await waiting.CodesAsync(1));
        await leaving.SendAsync("NOOP", "DATA");
        Assert.Equal("250", await leaving.CodesAsync(1));
        await leaving.HangUpAsync();
        for (var minute = 0; minute < 6; minute++)
        {
            foreach (var holder in holders)
            {
                await holder.SendAsync("x");
            }
            reception.Time.Move(TimeSpan.FromMinutes(1));
        }
        Assert.StartsWith("452 4.3.1 ", await waiting.ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal("250", await waiting.DialogueAsync("NOOP"));
        foreach (var client in (Client[])[.. holders, waiting])
        {
            await client.HangUpAsync();
            client.Dispose();
        }
        Assert.Empty(await reception.KeptAsync());
    }

    [Theory]
    [InlineData(true, SpoolAdmission.Open, 9, false, 0, "")]
    [InlineData(false, SpoolAdmission.Unhealthy, 10, true, 421, "4.3.2")]
    [InlineData(true, SpoolAdmission.Unhealthy, 0, false, 421, "4.3.0")]
    [InlineData(true, SpoolAdmission.Full, 0, false, 452, "4.3.1")]
    [InlineData(true, SpoolAdmission.Open, 10, false, 452, "4.3.1")]
    [InlineData(true, SpoolAdmission.Open, 0, true, 452, "4.3.1")]
    public void MAIL_is_refused_while_something_is_scarce(bool serving, SpoolAdmission spool, long open, bool memoryShort, int code, string status)
    {
        var refusal = Admission.AtMail(new(serving, spool, open, memoryShort), new() { Queue = 10 });
        Assert.Equal((code, status), (refusal?.Code ?? 0, refusal?.Status.ToString() ?? ""));
    }

    [Fact]
    public void What_has_been_read_is_refused_only_by_a_spool_that_cannot_be_written()
    {
        Assert.Null(Admission.AtEndOfData(new(false, SpoolAdmission.Full, 100, true)));
        Assert.Equal(Replies.SpoolUnhealthy, Admission.AtEndOfData(new(true, SpoolAdmission.Unhealthy, 0, false)));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.255.255.255", true)]
    [InlineData("128.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::2", false)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("255.255.255.255", false)]
    public void Only_listed_networks_may_relay(string address, bool trusted) =>
        Assert.Equal(trusted, new RelayPolicy(new()).Trusts(ConnectionLimits.Fold(IPAddress.Parse(address))));

    [Fact]
    public void Only_listed_domains_are_served_and_not_what_is_below_them()
    {
        var policy = new RelayPolicy(new() { Networks = [], Domains = [new("ours.example")] });
        Assert.True(policy.Serves(new("ours.example")));
        Assert.False(policy.Serves(new("sub.ours.example")));
        Assert.False(policy.Serves(default));
        Assert.False(policy.Trusts(IPAddress.Loopback));
    }
}
