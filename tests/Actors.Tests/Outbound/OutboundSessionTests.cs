using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Commands;
using MailCluster.Tests.Support;

namespace MailCluster.Actors.Tests.Outbound;

/// <summary>How the session is opened, what goes in which write, and how a connection lives and ends.</summary>
public class OutboundSessionTests : OutboundSpec
{
    [Fact]
    public async Task HELO_follows_where_EHLO_is_refused()
    {
        var server = Server(new() { Fault = (_, at) => at == "ehlo" ? "502 5.5.1 what?" : null });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(server))));
        Assert.Equal(["EHLO relay.test", "HELO relay.test", "MAIL FROM:<sender@a.test>", "RCPT TO:<a@example.net>", "DATA"], server.Commands.Take(5));
    }

    [Fact]
    public async Task Without_PIPELINING_each_command_waits_for_the_reply_before_it()
    {
        var server = Server(new() { Extensions = [] });
        await DeliverAsync(await QueueAsync(["a@example.net", "b@example.net"], "x\r\n"u8.ToArray()), Host(server));
        Assert.Equal(
            ["EHLO relay.test\r\n", "MAIL FROM:<sender@a.test>\r\n", "RCPT TO:<a@example.net>\r\n", "RCPT TO:<b@example.net>\r\n", "DATA\r\n", "x\r\n.\r\n"], server.Reads.Take(6));
    }

    [Fact]
    public async Task With_PIPELINING_the_envelope_is_one_write_and_the_next_one_shares_the_write_of_the_content()
    {
        var server = Server(new() { Extensions = ["PIPELINING"], Fault = (_, _) => null });
        var outbound = Connect(Host(server));
        var jobs = new[] { await QueueAsync("a@example.net", "one\r\n"), await QueueAsync("b@example.net", "two\r\n") };
        outbound.Tell(new OutboundProtocol.Deliver(jobs[0]));
        outbound.Tell(new OutboundProtocol.Deliver(jobs[1]));
        Assert.Same(jobs[0], ExpectEnded().Job);
        Assert.Same(jobs[1], ExpectEnded().Job);
        Assert.Equal(
            [
                "EHLO relay.test\r\n",
                "MAIL FROM:<sender@a.test>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n",
                "one\r\n.\r\nMAIL FROM:<sender@a.test>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n",
                "two\r\n.\r\n",
            ],
            server.Reads.Take(4));
    }

    [Fact]
    public async Task A_pipelined_message_behind_a_refused_one_is_delivered()
    {
        var server = Server();
        var outbound = Connect(Host(server));
        foreach (var recipient in (string[])["550-at-dot@example.net", "b@example.net", "554-at-data@example.net", "d@example.net", "550-at-rcpt@example.net", "f@example.net"])
        {
            outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync(recipient)));
        }
        string[] expected = ["0:550/Transaction", "0:250", "0:554/Transaction", "0:250", "0:550/Recipient", "0:250"];
        Assert.Equal(expected, expected.Select(_ => Brief(ExpectEnded())).ToList());
        Assert.Equal(3, server.Messages.Count);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task All_refused_and_DATA_granted_nevertheless_ends_with_a_lone_dot_and_no_message()
    {
        var server = Server(new() { GrantsDataToNobody = true });
        var outbound = Connect(Host(server));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("550-at-rcpt@example.net")));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("b@example.net")));
        Assert.Equal("0:550/Recipient", Brief(ExpectEnded()));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Equal(Body, System.Text.Encoding.UTF8.GetString(Assert.Single(server.Messages).Content));
    }

    [Fact]
    public async Task STARTTLS_is_used_where_offered()
    {
        using var certificate = Certificate();
        var server = Server(new() { Extensions = ["PIPELINING", "STARTTLS"], Certificate = certificate });
        var ended = await DeliverAsync(await QueueAsync("a@example.net"), Host(server));
        Assert.Equal("0:250", Brief(ended));
        Assert.True(Assert.Single(server.Messages).IsEncrypted);
        Assert.StartsWith("Tls1", ended.Outcomes[0].Peer.Tls, StringComparison.Ordinal);
        Assert.Equal(["EHLO relay.test", "STARTTLS", "EHLO relay.test"], server.Commands.Take(3));
    }

    [Fact]
    public async Task Large_content_goes_through_TLS_octet_for_octet()
    {
        using var certificate = Certificate();
        var server = Server(new() { Extensions = ["PIPELINING", "STARTTLS"], Certificate = certificate });
        var content = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} of a large message\r\n")));
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync(["a@example.net"], content), Host(server))));
        Assert.Equal(content, Assert.Single(server.Messages).Content);
    }

    [Fact]
    public async Task A_failed_handshake_leads_back_to_the_same_host_in_clear_text()
    {
        var server = Server(new() { Extensions = ["PIPELINING", "STARTTLS"], BreaksTls = true });
        var other = Server();
        var ended = await DeliverAsync(await QueueAsync("a@example.net"), Host(server, 10), Host(other, 20));
        Assert.Equal("0:250", Brief(ended));
        Assert.False(Assert.Single(server.Messages).IsEncrypted);
        Assert.Null(ended.Outcomes[0].Peer.Tls);
        Assert.Equal(2, server.Connections);
        Assert.Equal(0, other.Connections);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("reset")]
    [InlineData("garbage")]
    public async Task A_host_that_breaks_off_at_STARTTLS_gets_the_mail_in_clear_text(string fault)
    {
        var server = Server(new() { Extensions = ["STARTTLS"], Fault = (_, at) => at == "starttls" ? fault : null });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(server))));
        Assert.False(Assert.Single(server.Messages).IsEncrypted);
        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [InlineData("454 4.7.0 not now")]
    [InlineData("502 5.5.1 no")]
    public async Task A_refused_STARTTLS_goes_on_in_clear_text(string reply)
    {
        var server = Server(new() { Extensions = ["STARTTLS"], Fault = (_, at) => at == "starttls" ? reply : null });
        Assert.Equal("0:250", Brief(await DeliverAsync(await QueueAsync("a@example.net"), Host(server))));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task DSN_parameters_are_passed_on_where_offered_and_the_peer_says_so()
    {
        var server = Server(new() { Extensions = ["DSN"] });
        var job = await QueueAsync(["a@example.net"], "x\r\n"u8.ToArray(), parameters: new(Return: ReturnContent.Full, EnvelopeId: "e=1"), each: new(Notify.Success, "rfc822;o@o.test"));
        var ended = await DeliverAsync(job, Host(server));
        Assert.Equal("MAIL FROM:<sender@a.test> RET=FULL ENVID=e+3D1", Assert.Single(server.Messages).Mail);
        Assert.Equal(["RCPT TO:<a@example.net> NOTIFY=SUCCESS ORCPT=rfc822;o@o.test"], server.Messages[0].Rcpts);
        Assert.True(ended.Outcomes[0].Peer.OffersDsn);
    }

    [Fact]
    public async Task DSN_parameters_stay_here_where_the_peer_does_not_offer_DSN()
    {
        var server = Server();
        var ended = await DeliverAsync(await QueueAsync(["a@example.net"], "x\r\n"u8.ToArray(), parameters: new(Return: ReturnContent.Full), each: new(Notify.Success)), Host(server));
        Assert.Equal(["RCPT TO:<a@example.net>"], Assert.Single(server.Messages).Rcpts);
        Assert.False(ended.Outcomes[0].Peer.OffersDsn);
    }

    [Fact]
    public async Task The_null_reverse_path_is_written_as_it_is()
    {
        var server = Server(new() { Extensions = [] });
        await DeliverAsync(await QueueAsync(["a@example.net"], "x\r\n"u8.ToArray(), from: ""), Host(server));
        Assert.Equal("MAIL FROM:<>", Assert.Single(server.Messages).Mail);
    }

    [Fact]
    public async Task Recipients_over_the_limit_of_a_transaction_go_in_further_ones_over_the_same_connection()
    {
        var server = Server();
        Connect(new DeliveryOptions { RecipientsPerMessage = 4 }, Host(server)).Tell(new OutboundProtocol.Deliver(await QueueAsync(Many(10), "x\r\n"u8.ToArray())));
        Assert.Equal(10, ExpectEnded().Outcomes.Count(o => o.Accepted is not null));
        Assert.Equal([4, 4, 2], server.Messages.Select(m => m.Rcpts.Count));
        Assert.Equal(Many(10).Select(a => $"RCPT TO:<{a}>"), server.Messages.SelectMany(m => m.Rcpts));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_limit_that_the_peer_states_is_obeyed()
    {
        var server = Server(new() { Extensions = ["PIPELINING", "LIMITS RCPTMAX=3"], MaxRecipients = 3 });
        await DeliverAsync(await QueueAsync(Many(7), "x\r\n"u8.ToArray()), Host(server));
        Assert.Equal([3, 3, 1], server.Messages.Select(m => m.Rcpts.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_452_after_k_recipients_is_learned_and_the_rest_goes_in_further_transactions(bool pipelining)
    {
        var server = Server(new() { Extensions = pipelining ? ["PIPELINING"] : [], MaxRecipients = 5 });
        var ended = await DeliverAsync(await QueueAsync(Many(23), "x\r\n"u8.ToArray()), Host(server));
        Assert.Equal(23, ended.Outcomes.Count(o => o.Accepted is not null));
        Assert.Equal([5, 5, 5, 5, 3], server.Messages.Select(m => m.Rcpts.Count));
        Assert.Equal(23, server.Messages.SelectMany(m => m.Rcpts).Distinct().Count());
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Many_recipients_in_one_transaction_do_not_choke_the_pipeline()
    {
        var server = Server();
        Connect(new DeliveryOptions { RecipientsPerMessage = 5000 }, Host(server)).Tell(new OutboundProtocol.Deliver(await QueueAsync(Many(5000), "x\r\n"u8.ToArray())));
        Assert.Equal(5000, ExpectEnded().Outcomes.Count(o => o.Accepted is not null));
        Assert.Equal(5000, Assert.Single(server.Messages).Rcpts.Count);
    }

    [Fact]
    public async Task One_connection_serves_many_messages_and_says_QUIT_when_it_has_served_enough()
    {
        var server = Server();
        var outbound = Connect(new DeliveryOptions { MessagesPerConnection = 3 }, Host(server));
        ExpectIdle();
        for (var i = 0; i < 3; i++)
        {
            outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
            Assert.Equal("0:250", Brief(ExpectEnded()));
            if (i < 2)
            {
                ExpectIdle();
            }
        }
        Assert.Null(ExpectClosed().Failure);
        Assert.Equal("QUIT", server.Commands[^1]);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Too_long_without_work_ends_the_connection_with_QUIT()
    {
        var server = Server();
        Connect(new DeliveryOptions { IdleTimeout = TimeSpan.FromMilliseconds(100) }, Host(server));
        ExpectIdle();
        Assert.Null(ExpectClosed().Failure);
        Assert.True(await server.ReachesAsync(s => s.Commands.Count == 2 && s.Open == 0));
        Assert.Equal("QUIT", server.Commands[^1]);
    }

    [Fact]
    public async Task QUIT_that_nobody_answers_does_not_hold_the_slot()
    {
        var server = Server(new() { Fault = (_, at) => at == "quit" ? "silence" : null });
        var outbound = Connect(Host(server));
        ExpectIdle();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        outbound.Tell(new OutboundProtocol.Close());
        ExpectClosed();
        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(5));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Close_lets_the_running_job_end_and_gives_the_other_back_untouched()
    {
        using var gate = new ManualResetEventSlim();
        var server = Server(new() { Extensions = [], Fault = (_, at) => at == "rcpt" && !gate.Wait(TimeSpan.FromSeconds(10)) ? "close" : null });
        var outbound = Connect(Host(server));
        ExpectIdle();
        var (first, second) = (await QueueAsync("a@example.net"), await QueueAsync("b@example.net"));
        outbound.Tell(new OutboundProtocol.Deliver(first));
        outbound.Tell(new OutboundProtocol.Deliver(second));
        Assert.True(await server.ReachesAsync(s => s.Commands.Count >= 3));
        outbound.Tell(new OutboundProtocol.Close());
        Settle(outbound);
        gate.Set();
        Assert.Equal("0:250", Brief(ExpectEnded()));
        var untouched = ExpectEnded();
        Assert.Same(second, untouched.Job);
        Assert.True(untouched is { Delivery: null, Outcomes.Count: 0, Failure: null });
        Assert.Null(ExpectClosed().Failure);
        Assert.Equal("QUIT", server.Commands[^1]);
    }

    [Fact]
    public async Task Close_while_the_greeting_is_awaited_ends_it_at_once()
    {
        var server = Server(new() { Fault = (_, at) => at == "greeting" ? "silence" : null });
        var outbound = Connect(Host(server));
        Assert.True(await server.ReachesAsync(s => s.Connections == 1));
        outbound.Tell(new OutboundProtocol.Close());
        Assert.Null(ExpectClosed().Failure);
    }

    [Fact]
    public async Task A_peer_that_closed_while_idle_costs_the_next_message_nothing_but_a_new_connection()
    {
        var server = Server();
        var outbound = Connect(Host(server));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        server.CloseConnections();
        Assert.Null(ExpectClosed().Failure);
    }

    [Fact]
    public async Task A_job_that_meets_a_connection_just_closed_goes_on_over_a_new_one()
    {
        // The third reply on each connection is 421: to the MAIL of the second message.
        var mails = 0;
        var server = Server(new() { Fault = (_, at) => at == "mail" && Interlocked.Increment(ref mails) == 2 ? "421 4.4.2 idle too long" : null });
        var outbound = Connect(Host(server));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("b@example.net")));
        Assert.Equal("0:250", Brief(ExpectEnded()));
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task All_that_is_told_comes_in_order_and_Closed_last_of_all()
    {
        var server = Server();
        var outbound = Connect(Host(server));
        Assert.Equal(SitePoolProtocol.OutboundState.Connected, ExpectMsg<SitePoolProtocol.Idle>(cancellationToken: TestContext.Current.CancellationToken).State);
        outbound.Tell(new OutboundProtocol.Deliver(await QueueAsync("a@example.net")));
        ExpectMsg<SitePoolProtocol.AttemptEnded>(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(SitePoolProtocol.OutboundState.Served, ExpectMsg<SitePoolProtocol.Idle>(cancellationToken: TestContext.Current.CancellationToken).State);
        Watch(outbound);
        outbound.Tell(new OutboundProtocol.Close());
        ExpectMsg<SitePoolProtocol.Closed>(cancellationToken: TestContext.Current.CancellationToken);
        ExpectTerminated(outbound, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, server.Open);
    }

    private static string[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => $"r{i}@example.net")];

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=scripted.test", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
