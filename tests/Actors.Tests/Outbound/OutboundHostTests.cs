using Akka.Actor;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Failures;
using MailCluster.Tests.Support;

namespace MailCluster.Actors.Tests.Outbound;

/// <summary>Which failure leads to which host, and what the recipients are told.</summary>
public class OutboundHostTests : OutboundSpec
{
    private static readonly DeliveryOptions _hasty = new()
    {
        Timeouts = new()
        {
            Connect = TimeSpan.FromSeconds(1),
            Greeting = TimeSpan.FromMilliseconds(300),
            Ehlo = TimeSpan.FromMilliseconds(300),
            Mail = TimeSpan.FromMilliseconds(300),
            Rcpt = TimeSpan.FromMilliseconds(300),
            Data = TimeSpan.FromMilliseconds(300),
            DataTermination = TimeSpan.FromMilliseconds(300),
        },
    };

    [Fact]
    public async Task The_address_that_refused_the_connection_is_known()
    {
        var dead = DeadHost(10);
        var ended = await DeliverAsync(await QueueAsync("a@example.net"), dead);
        Assert.Equal((dead.Name, $"127.0.0.1:{dead.Port}"), (ended.Failure!.RemoteMta, ended.Failure.Address));
    }

    [Fact]
    public async Task The_address_that_turned_us_away_is_known()
    {
        var busy = Server(new() { Fault = (_, at) => at == "greeting" ? "421 4.3.2 busy" : null });
        var ended = await DeliverAsync(await QueueAsync("a@example.net"), Host(busy));
        Assert.Equal(("mx10.test", busy.EndPoint.ToString()), (ended.Failure!.RemoteMta, ended.Failure.Address));
    }

    [Fact]
    public async Task The_best_host_gets_the_mail()
    {
        var (best, other) = (Server(), Server());
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(best, 10), Host(other, 20))));
        Assert.Equal(Body, System.Text.Encoding.UTF8.GetString(Assert.Single(best.Messages).Content));
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task A_host_that_refuses_connections_leads_to_the_next()
    {
        var next = Server();
        var ended = await DeliverAsync(await QueueAsync("a@example.net"), DeadHost(5), Host(next));
        Assert.Equal("0:250", Brief(ended));
        Assert.Equal("mx10.test", ended.Outcomes[0].Peer.Host);
        Assert.Equal(next.EndPoint, ended.Outcomes[0].Peer.Address);
    }

    public static TheoryData<string, string> HostFaults()
    {
        var data = new TheoryData<string, string>();
        foreach (var step in (string[])["greeting", "ehlo"])
        {
            foreach (var fault in (string[])["421", "450", "close", "reset", "silence", "garbage", "overlong", "endless", "mixed"])
            {
                data.Add(step, fault);
            }
        }
        data.Add("greeting", "554");
        data.Add("greeting", "521");
        return data;
    }

    [Theory]
    [MemberData(nameof(HostFaults))]
    public async Task A_fault_before_any_transaction_leads_to_the_next_host(string step, string fault)
    {
        var bad = Server(new() { Fault = (_, at) => at == step ? fault : null });
        var next = Server();
        Connect(_hasty, Host(bad, 10), Host(next, 20)).Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Single(next.Messages);
    }

    public static TheoryData<string, string> ConnectionFaults()
    {
        var data = new TheoryData<string, string>();
        foreach (var step in (string[])["mail", "rcpt", "data"])
        {
            foreach (var fault in (string[])["421", "close", "reset"])
            {
                data.Add(step, fault);
            }
        }
        foreach (var step in (string[])["mail", "rcpt", "data"])
        {
            foreach (var fault in (string[])["silence", "garbage", "overlong", "endless", "mixed"])
            {
                data.Add(step, fault);
            }
        }
        data.Add("content", "421");
        data.Add("dot", "421");
        return data;
    }

    [Theory]
    [MemberData(nameof(ConnectionFaults))]
    public async Task A_fault_in_a_transaction_leads_its_recipients_to_the_next_host(string step, string fault)
    {
        var bad = Server(new() { Fault = (_, at) => at == step ? fault : null });
        var next = Server();
        Connect(_hasty, Host(bad, 10), Host(next, 20)).Tell(new OutboundProtocol.Deliver(await QueueAsync(["a@example.net", "b@example.net"], "x\r\n"u8.ToArray())));
        Assert.Equal("0:250 1:250", Brief(ExpectEnded()));
        Assert.Equal(2, Assert.Single(next.Messages).Rcpts.Count);
        Assert.Empty(bad.Messages);
    }

    [Theory]
    [MemberData(nameof(ConnectionFaults))]
    public async Task Without_another_host_the_destination_has_failed_for_now(string step, string fault)
    {
        var bad = Server(new() { Fault = (_, at) => at == step ? fault : null });
        Connect(_hasty, Host(bad)).Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        var ended = ExpectEnded();
        Assert.Empty(ended.Outcomes);
        Assert.True(ended.Failure is { Scope: FailureScope.Destination, IsPermanent: false });
        Assert.Equal(ended.Failure, ExpectClosed().Failure);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    public async Task A_break_before_the_end_of_data_is_out_leads_to_the_next_host(string fault)
    {
        var bad = Server(new() { Fault = (_, at) => at == "content" ? fault : null });
        var next = Server();
        var content = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 80_000)));
        Connect(Host(bad, 10), Host(next, 20)).Tell(new OutboundProtocol.Deliver(await QueueAsync(["a@example.net"], content)));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Equal(content, Assert.Single(next.Messages).Content);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    [InlineData("silence")]
    [InlineData("garbage")]
    [InlineData("overlong")]
    [InlineData("mixed")]
    public async Task No_reply_to_the_end_of_data_puts_the_message_off_since_it_may_have_arrived(string fault)
    {
        var bad = Server(new() { Fault = (_, at) => at == "dot" ? fault : null });
        var next = Server();
        Connect(_hasty, Host(bad, 10), Host(next, 20)).Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        var ended = ExpectEnded();
        Assert.Equal("0:451/Transaction", Brief(ended));
        Assert.Contains("message may be delivered twice", ended.Outcomes[0].Failure!.Reply.ToString(), StringComparison.Ordinal);
        Assert.Empty(next.Messages);
    }

    [Fact]
    public async Task After_250_to_the_end_of_data_the_message_is_done_though_the_connection_breaks()
    {
        var server = Server(new() { Fault = (_, at) => at == "dot" ? "close-after" : null });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(server))));
        Assert.Single(server.Messages);
    }

    [Theory]
    [InlineData("550-at-rcpt@example.net", "s@a.test", "0:550/Recipient")]
    [InlineData("a@example.net", "550-at-mail@a.test", "0:550/Transaction")]
    [InlineData("554-at-data@example.net", "s@a.test", "0:554/Transaction")]
    [InlineData("550-at-dot@example.net", "s@a.test", "0:550/Transaction")]
    [InlineData("552-at-dot@example.net", "s@a.test", "0:552/Transaction")]
    [InlineData("450-at-rcpt@example.net", "s@a.test", "0:450/Recipient")]
    [InlineData("451-at-data@example.net", "s@a.test", "0:451/Transaction")]
    [InlineData("451-at-dot@example.net", "s@a.test", "0:451/Transaction")]
    [InlineData("552-at-rcpt@example.net", "s@a.test", "0:452/Recipient")]
    public async Task A_refusal_in_a_transaction_is_the_last_word_and_no_other_host_is_asked(string recipient, string sender, string expected)
    {
        var (best, other) = (Server(), Server());
        var ended = await DeliverAsync(await QueueAsync([recipient], "x\r\n"u8.ToArray(), from: sender), Host(best, 10), Host(other, 20));
        Assert.Equal(expected, Brief(ended));
        Assert.False(ended.Outcomes[0].Failure!.IsLocal);
        Assert.Equal("mx10.test", ended.Outcomes[0].Failure!.RemoteMta);
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task A_refusal_leaves_the_connection_fit_for_the_next_message()
    {
        var server = Server();
        var outbound = Connect(Host(server));
        foreach (var (recipient, sender) in ((string, string)[])[("550-at-rcpt@example.net", "s@a.test"), ("a@example.net", "550-at-mail@a.test"), ("554-at-data@example.net", "s@a.test"), ("550-at-dot@example.net", "s@a.test")])
        {
            outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync([recipient], "x\r\n"u8.ToArray(), from: sender)));
            ExpectEnded();
        }
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task MAIL_put_off_leads_to_the_next_host()
    {
        var busy = Server(new() { Fault = (_, at) => at == "mail" ? "450 4.7.1 later" : null });
        var next = Server();
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(busy, 10), Host(next, 20))));
        Assert.Single(next.Messages);
    }

    [Fact]
    public async Task MAIL_put_off_by_all_hosts_puts_the_message_off_but_does_not_condemn_the_destination()
    {
        var busy = Server(new() { Fault = (_, at) => at == "mail" ? "450 4.7.1 later" : null });
        var too = Server(new() { Fault = (_, at) => at == "mail" ? "451 4.7.1 later" : null });
        var outbound = Connect(Host(busy, 10), Host(too, 20));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        Assert.Equal("0:451/Transaction", Brief(ExpectEnded()));
        Assert.Null(ExpectClosed().Failure);
    }

    [Fact]
    public async Task All_hosts_that_take_no_mail_at_all_are_a_permanent_failure()
    {
        var never = Server(new() { Fault = (_, at) => at == "greeting" ? "521 5.3.2 no mail here" : null });
        Assert.Equal(" Destination:521", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(never, 10), Host(never, 20))));
    }

    [Fact]
    public async Task One_host_that_may_do_another_day_makes_it_temporary()
    {
        var never = Server(new() { Fault = (_, at) => at == "greeting" ? "521 5.3.2 no mail here" : null });
        Assert.Equal(" Destination:451", Brief(await DeliverAsync(await QueueAsync("a@example.net"), DeadHost(5), Host(never, 10))));
    }

    [Fact]
    public async Task Recipients_that_were_spoken_of_are_not_tried_again_elsewhere()
    {
        var bad = Server(new() { Fault = (_, at) => at == "data" ? "421" : null });
        var next = Server();
        var ended = await DeliverAsync(await QueueAsync(["550-at-rcpt@example.net", "b@example.net"], "x\r\n"u8.ToArray()), Host(bad, 10), Host(next, 20));
        Assert.Equal("0:550/Recipient 1:250", Brief(ended));
        Assert.Equal(["RCPT TO:<b@example.net>"], Assert.Single(next.Messages).Rcpts);
    }

    [Fact]
    public async Task A_host_that_ends_its_connections_after_each_message_is_connected_to_again()
    {
        using var gate = new ManualResetEventSlim();
        var server = Server(new() { Fault = (_, at) => at == "dot" ? "close-after" : at == "mail" && !gate.Wait(TimeSpan.FromSeconds(10)) ? "close" : null });
        var outbound = Connect(Host(server));
        for (var i = 0; i < 3; i++)
        {
            outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync($"{i}@example.net")));
        }
        Settle(outbound);
        gate.Set();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("0:250", Brief(ExpectEnded()));
        }
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task A_reply_octet_by_octet_is_a_reply()
    {
        var server = Server(new() { Fault = (_, at) => at is "greeting" or "ehlo" or "mail" or "rcpt" or "data" or "dot" ? "slow" : null });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(server))));
    }
}
