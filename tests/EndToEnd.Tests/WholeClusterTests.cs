using System.Net;
using MailCluster.EndToEnd.Tests.Leaving;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests;

/// <summary>What holds on all nodes at once, over real processes: a suspended domain, and one whose queue is full.</summary>
[Collection(nameof(Alone))]
public sealed class WholeClusterTests
{
    private static readonly HttpClient Client = new();

    [Fact]
    public async Task A_domain_suspended_at_one_node_is_kept_back_by_all_also_after_all_have_restarted_and_resumed_at_another()
    {
        await using var sink = new RecordingSink();
        await using var cluster = new NodeCluster(Routes.To(sink));
        await cluster.StartAsync();
        await AskAsync(cluster.Nodes[0], HttpMethod.Put, "/suspensions/held.example?reason=complaints&by=alice");
        await Eventually.HoldsAsync(() => cluster.Nodes.All(Knows), "the rule on all nodes", otherwise: () => Logs(cluster));
        for (var i = 0; i < 3; i++)
        {
            await AcceptAsync(cluster.Nodes[i], $"kept{i}@held.example");
            await AcceptAsync(cluster.Nodes[i], $"sent{i}@other.example");
        }
        await Eventually.HoldsAsync(() => Enumerable.Range(0, 3).All(i => Came(sink, $"sent{i}@other.example")), "the other domain's mail", otherwise: () => Logs(cluster));

        await Task.WhenAll(cluster.Nodes.Select(node => node.KillAsync()));
        await cluster.StartAsync();
        Assert.All(cluster.Nodes, node => Assert.True(Knows(node)));
        await AcceptAsync(cluster.Nodes[1], "again@other.example");
        await Eventually.HoldsAsync(() => Came(sink, "again@other.example"), "the other domain's mail", otherwise: () => Logs(cluster));
        Assert.DoesNotContain(sink.Messages, message => message.Rcpts.Any(rcpt => rcpt.Contains("held.example", StringComparison.Ordinal)));

        await AskAsync(cluster.Nodes[2], HttpMethod.Delete, "/suspensions/held.example?by=bob");
        await Eventually.HoldsAsync(() => Enumerable.Range(0, 3).All(i => Came(sink, $"kept{i}@held.example")), "what was kept, from all nodes", otherwise: () => Logs(cluster));
        await Eventually.HoldsAsync(() => cluster.Nodes.All(node => node.Log.Contains("domain=held.example resumed by=bob", StringComparison.Ordinal)), "a line in each log", otherwise: () => Logs(cluster));
    }

    [Fact]
    public async Task A_domain_that_is_full_closes_on_every_node_stays_so_when_its_actors_node_dies_and_opens_when_it_is_drained()
    {
        // Ten recipients are the limit of a domain; nothing goes out until the next hop is there.
        var port = FreePort.Next();
        await using var cluster = new NodeCluster(Routes.To(port) + "\nlimits { queue-per-domain = 10 }\nretry { first = 2s, max = 2s }\n");
        await cluster.StartAsync();
        for (var i = 0; i < 6; i++)
        {
            await AcceptAsync(cluster.Nodes[0], $"a{i}@full.example");
            await AcceptAsync(cluster.Nodes[1], $"b{i}@full.example", orFull: true);
        }
        foreach (var node in cluster.Nodes)
        {
            // The third never had any mail for it.
            await RefusesAsync(cluster, node);
        }

        // The node of the domain's actor dies, and comes back with what mail it has: in between the actor is elsewhere.
        await Eventually.HoldsAsync(() => cluster.Nodes.Any(ClosedIt), "a line in the log of the actor's node", otherwise: () => Logs(cluster));
        var actors = cluster.Nodes.First(ClosedIt);
        await actors.KillAsync();
        foreach (var other in cluster.Nodes.Where(other => other != actors))
        {
            // 421 where it has lost touch for a moment, as on a busy machine it may.
            Assert.Matches("^4(52 4[.]3[.]1|21 )", await RecipientAsync(other, "x@full.example"));
        }
        await actors.StartAsync();
        foreach (var node in cluster.Nodes)
        {
            await RefusesAsync(cluster, node);
        }

        await using var sink = new RecordingSink(port: port);
        foreach (var node in cluster.Nodes)
        {
            await EventuallyAsync(async () => (await RecipientAsync(node, "x@full.example")).StartsWith("250 ", StringComparison.Ordinal), $"{node.SmtpPort} to take mail again", cluster);
        }
    }

    private static bool ClosedIt(NodeProcess node) => node.Log.Contains("domain=full.example closed", StringComparison.Ordinal);

    private static Task RefusesAsync(NodeCluster cluster, NodeProcess node) =>
        EventuallyAsync(async () => (await RecipientAsync(node, "x@full.example")).StartsWith("452 4.3.1", StringComparison.Ordinal), $"{node.SmtpPort} to refuse", cluster);

    private static async Task EventuallyAsync(Func<Task<bool>> condition, string what, NodeCluster cluster)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(90);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < end, $"In time there should have been: {what}. {Logs(cluster)}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<string> RecipientAsync(NodeProcess node, string recipient)
    {
        using var client = new RawClient(node.SmtpPort);
        if (await client.ReplyAsync() is var greeting && !greeting.StartsWith("220", StringComparison.Ordinal))
        {
            return greeting;
        }
        await client.SayAsync("EHLO client.example");
        await client.SayAsync("MAIL FROM:<a@example.com>");
        return await client.SayAsync($"RCPT TO:<{recipient}>");
    }

    private static async Task AcceptAsync(NodeProcess node, string recipient, bool orFull = false)
    {
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        if (orFull)
        {
            await client.SayAsync("MAIL FROM:<a@example.com>");
            if ((await client.SayAsync($"RCPT TO:<{recipient}>")).StartsWith("452", StringComparison.Ordinal))
            {
                return;
            }
            await client.SayAsync("RSET");
        }
        Assert.StartsWith("250 2.0.0", await client.MailAsync("a@example.com", recipient, "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
    }

    private static bool Came(RecordingSink sink, string recipient) => sink.Messages.Any(message => message.Rcpts.Any(rcpt => rcpt.Contains(recipient, StringComparison.Ordinal)));

    private static bool Knows(NodeProcess node)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{node.AdminPort}/suspensions");
        using var response = Client.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return reader.ReadToEnd().StartsWith("held.example since=", StringComparison.Ordinal);
    }

    private static async Task AskAsync(NodeProcess node, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{node.AdminPort}{path}");
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static string Logs(NodeCluster cluster) => string.Join("\n----\n", cluster.Nodes.Select(node => node.Log));
}
