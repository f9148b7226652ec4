using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests.Leaving;

/// <summary>A node leaves for good: each of its messages goes on at a peer, once, and not before it is due; also when donor or receiver is killed in the middle.</summary>
[Collection(nameof(Alone))]
public partial class HandoverTests
{
    [Fact]
    public async Task The_mail_of_a_node_that_leaves_goes_on_at_its_peers()
    {
        var first = TimeSpan.FromSeconds(12);
        await using var sink = new RecordingSink();
        var tried = new ConcurrentDictionary<string, ConcurrentQueue<DateTime>>();
        sink.Answer = line =>
        {
            if (Recipient().Match(line) is not { Success: true } match)
            {
                return null;
            }
            var times = tried.GetOrAdd(match.Groups[1].Value, _ => new());
            times.Enqueue(DateTime.UtcNow);
            return match.Groups[1].Value.StartsWith("later", StringComparison.Ordinal) && times.Count == 1 ? "450 4.2.0 Later" : null;
        };
        await using var cluster = new NodeCluster(Routes.To(sink) + string.Create(CultureInfo.InvariantCulture, $"\nretry {{ first = {first.TotalSeconds}s, jitter = 0 }}"));
        await cluster.StartAsync();
        var leaving = cluster.Nodes[0];
        using (var client = await RawClient.HelloAsync(leaving.SmtpPort))
        {
            for (var i = 0; i < 30; i++)
            {
                var body = Mark(i) + Lines(i % 10 == 9 ? 3000 : 5);
                Assert.StartsWith("250", await client.MailAsync("a@a.test", $"later{i}@d{i % 3}.test", body), StringComparison.Ordinal);
            }
        }
        await Eventually.HoldsAsync(() => Count(leaving, "TransientFailure") == 30, "every message tried once", otherwise: () => leaving.Log);

        await AskedAsync(leaving, HttpMethod.Get, "/handover", HttpStatusCode.OK, "");
        await AskedAsync(leaving, HttpMethod.Post, "/handover/keep/0123456789abcdef", HttpStatusCode.OK, "nothing waits for 0123456789abcdef\n");
        await AskedAsync(leaving, HttpMethod.Post, "/handover/keep/127.0.0.1", HttpStatusCode.BadRequest, null);
        // Nothing but the word itself stops a node.
        await AskedAsync(leaving, HttpMethod.Post, "/handover/waiting", HttpStatusCode.NotFound, null);

        var (code, output) = await Run.ToEndAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), "handover", "--config", leaving.ConfigurationFile]);
        Assert.True(code == 0, output);
        Assert.Equal(0, await leaving.EndAsync());

        Assert.Contains("handover done: 30 messages were handed over, none is left", leaving.Log, StringComparison.Ordinal);
        Assert.Equal(Ids(leaving, "HandedOver"), Ids(cluster.Nodes[1], "TakenOver").Concat(Ids(cluster.Nodes[2], "TakenOver")).Order());
        await Eventually.HoldsAsync(() => sink.Messages.Count >= 30, "all mail at the next hop", TimeSpan.FromSeconds(60), () => $"{sink.Messages.Count} came\n{cluster.Nodes[1].Log}\n{cluster.Nodes[2].Log}");
        Assert.Equal(Enumerable.Range(0, 30), sink.Messages.Select(Number).Order());
        Assert.All(tried, recipient => Assert.True(recipient.Value.Count == 2 && recipient.Value.Last() - recipient.Value.First() > first - TimeSpan.FromSeconds(1), $"{recipient.Key}: {string.Join(' ', recipient.Value.Select(at => at.ToString("O")))}"));
        await Eventually.HoldsAsync(() => Count(cluster.Nodes[1], "Delivery") + Count(cluster.Nodes[2], "Delivery") == 30, "all told");
        Assert.Equal(Ids(leaving, "HandedOver"), Ids(cluster.Nodes[1], "Delivery").Concat(Ids(cluster.Nodes[2], "Delivery")).Order());
        // The attempt at the leaving node counts.
        Assert.All(Events(cluster.Nodes[1], "Delivery").Concat(Events(cluster.Nodes[2], "Delivery")), line => Assert.Equal(2, line.GetProperty("num_attempts").GetInt32()));
    }

    [Fact]
    public async Task Kills_of_donor_and_receiver_in_the_middle_neither_lose_nor_double()
    {
        const int more = 1500;
        await using var sink = new RecordingSink();
        await using var cluster = new NodeCluster(Routes.To(sink) + "\ndelivery { enabled = off }\nshutdown.handover = 60s", count: 4);      // one leaves, one is dead: two of three would be too few
        await cluster.StartAsync();
        var (leaving, receiver) = (cluster.Nodes[0], cluster.Nodes[1]);
        var (messages, cut, done) = (0, 0, true);
        for (var round = 0; round < 3; round++)
        {
            if (done || round == 2)
            {
                // Also where the last handover was over before this test saw it begin.
                await Task.WhenAll(Enumerable.Range(0, 4).Select(part => FillAsync(leaving, Enumerable.Range(messages, more).Where(i => i % 4 == part))));
                messages += more;
            }
            var (before, said) = (TakenOver(cluster), leaving.Log.Length);
            await OrderAsync(leaving);
            await Eventually.HoldsAsync(() => (done = Done(leaving, said)) || TakenOver(cluster) >= before + 120, "a handover under way", otherwise: () => leaving.Log);
            cut += done ? 0 : 1;
            if (round == 2)
            {
                // The receiver; the donor finds out, and asks when it is back.
                await receiver.KillAsync();
                await receiver.StartAsync();
                await leaving.EndAsync();
                Assert.True(Done(leaving, said), leaving.Log);
                break;
            }
            await leaving.KillAsync();
            await leaving.StartAsync();
            await Eventually.HoldsAsync(() => !leaving.Log.Contains("cannot be asked", StringComparison.Ordinal) || leaving.Log.Contains("was asked about", StringComparison.Ordinal), "answers");
        }
        Assert.True(cut > 0, "No handover was under way at any kill: more messages are needed");

        // Only now they deliver, so that what comes twice has been there twice.
        await Task.WhenAll(cluster.Nodes.Skip(1).Select(node => node.StopAsync()));
        foreach (var node in cluster.Nodes.Skip(1))
        {
            NodeCluster.Rewrite(node, text => text.Replace("enabled = off", "enabled = on", StringComparison.Ordinal));
        }
        await Task.WhenAll(cluster.Nodes.Skip(1).Select(node => node.StartAsync()));
        await Eventually.HoldsAsync(() => sink.Messages.Select(Number).Distinct().Count() == messages, "all mail at the next hop", TimeSpan.FromSeconds(60),
            () => $"{messages - sink.Messages.Select(Number).Distinct().Count()} of {messages} lost\n{leaving.Log}");
        await Task.WhenAll(cluster.Nodes.Skip(1).Select(node => node.StopAsync()));
        Assert.Equal(messages, sink.Messages.Count);
    }

    [Fact]
    public async Task What_no_peer_takes_stays_and_is_said()
    {
        await using var sink = new RecordingSink();
        await using var cluster = new NodeCluster(Routes.To(sink) + "\ndelivery { enabled = off }\nshutdown.handover = 4s\nlimits.queue = 5");
        await cluster.StartAsync();
        foreach (var node in cluster.Nodes)
        {
            using var client = await RawClient.HelloAsync(node.SmtpPort);
            for (var i = 0; i < 5; i++)
            {
                Assert.StartsWith("250", await client.MailAsync("a@a.test", $"u{i}@d.test", "Subject: x\r\n\r\nx\r\n"), StringComparison.Ordinal);
            }
        }
        var leaving = cluster.Nodes[2];
        await OrderAsync(leaving);
        Assert.Equal(0, await leaving.EndAsync());
        Assert.Contains("5 messages with 5 open recipients stay in", leaving.Log, StringComparison.Ordinal);
    }

    /// <summary>On a busy machine a node may be cut off for a moment: then it says "ask again".</summary>
    private static async Task OrderAsync(NodeProcess node)
    {
        using var client = new HttpClient();
        var order = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{node.AdminPort}/handover"));
        var said = "";
        await Eventually.HoldsAsync(async () =>
        {
            using var answer = await client.PostAsync(order, null);
            said = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.ServiceUnavailable, said);
            return answer.IsSuccessStatusCode;
        }, "a handover ordered", otherwise: () => said);
    }

    private static async Task AskedAsync(NodeProcess node, HttpMethod method, string path, HttpStatusCode status, string? text)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{node.AdminPort}{path}")));
        using var answer = await client.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(text ?? await answer.Content.ReadAsStringAsync(), await answer.Content.ReadAsStringAsync());
    }

    private static async Task FillAsync(NodeProcess node, IEnumerable<int> numbers)
    {
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        foreach (var i in numbers)
        {
            Assert.StartsWith("250", await client.MailAsync("a@a.test", $"u{i}@d{i % 7}.test", Mark(i) + Lines(i % 100 == 99 ? 1500 : 9)), StringComparison.Ordinal);
        }
    }

    private static bool Done(NodeProcess node, int since) => node.Log.IndexOf("handover done:", since, StringComparison.Ordinal) >= 0;

    private static int TakenOver(NodeCluster cluster) => cluster.Nodes.Skip(1).Sum(node => Count(node, "TakenOver"));

    private static int Count(NodeProcess node, string type) => node.Events.Count(line => line.Contains($"\"type\":\"{type}\"", StringComparison.Ordinal));

    private static IEnumerable<JsonElement> Events(NodeProcess node, string type) =>
        node.Events.Where(line => line.Contains($"\"type\":\"{type}\"", StringComparison.Ordinal)).Select(line => JsonDocument.Parse(line).RootElement);

    private static IOrderedEnumerable<string> Ids(NodeProcess node, string type) => Events(node, type).Select(line => line.GetProperty("id").GetString()!).Order();

    private static string Mark(int number) => string.Create(CultureInfo.InvariantCulture, $"Subject: x\r\nX-Number: {number}\r\n\r\n");

    private static string Lines(int count) => string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", count));

    private static int Number(ReceivedMessage message) => int.Parse(NumberLine().Match(message.Text).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"X-Number: (\d+)")]
    private static partial Regex NumberLine();

    [GeneratedRegex(@"^RCPT TO:<([^@>]*)@")]
    private static partial Regex Recipient();
}
