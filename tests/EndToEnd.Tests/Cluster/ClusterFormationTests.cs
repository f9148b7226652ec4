using System.Globalization;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>Real nodes on loopback form a cluster, lose members and form it again.</summary>
public sealed class ClusterFormationTests : IAsyncDisposable
{
    /// <summary>Partitions are noticed and resolved sooner than in production: the tests wait for them.</summary>
    private const string Quick = "cluster { failure-detector.acceptable-heartbeat-pause = 2s, split-brain-resolver.stable-after = 2s }";

    private readonly List<NodeProcess> _nodes = [];

    private NodeProcess Node(IEnumerable<int> cluster, int port, string extra = "", string settings = "")
    {
        var nodes = string.Join(", ", cluster.Select(other => $"\"127.0.0.1:{other}\""));
        var node = new NodeProcess(settings, cluster: string.Create(CultureInfo.InvariantCulture, $"bind = \"127.0.0.1:{port}\", nodes = [{nodes}], {extra}"), akka: Quick);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A cluster of three, the lowest first.</summary>
    private async Task<NodeProcess[]> ThreeUpAsync()
    {
        var ports = Ports(3);
        NodeProcess[] three = [.. ports.Order().Select(port => Node(ports, port))];
        foreach (var node in three) node.Launch();
        await AllUpAsync(three);
        return three;
    }

    private static int[] Ports(int count) => [.. Enumerable.Range(0, count).Select(_ => FreePort.NextWith(MailCluster.Node.Configuration.ClusterOptions.BootstrapOffset))];

    private static async Task<(int Status, string Text)> GetAsync(int port, string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> GreetingAsync(NodeProcess node)
    {
        using var client = new RawClient(node.SmtpPort);
        return await client.ReplyAsync();
    }

    private static async Task AllUpAsync(params NodeProcess[] nodes)
    {
        foreach (var node in nodes)
        {
            await Eventually.HoldsAsync(() => node.Log.Contains("ready: relay on", StringComparison.Ordinal), "a node that is ready", TimeSpan.FromSeconds(60), () => node.Log);
        }

        foreach (var node in nodes)
        {
            await Eventually.HoldsAsync(() => GetAsync(node.AdminPort, "/cluster").Result.Text.Split('\n').Count(line => line.Contains(" up reachable", StringComparison.Ordinal)) == nodes.Length, $"{nodes.Length} members up", TimeSpan.FromSeconds(60), () => node.Log);
        }
    }

    private static int Formed(params NodeProcess[] nodes) => nodes.Sum(node => node.Log.Split("Formation: forms the cluster").Length - 1);

    [Fact]
    public async Task Three_form_one_cluster_a_fourth_joins_it_and_all_killed_at_once_form_it_anew()
    {
        var ports = Ports(4);
        NodeProcess[] three = [.. ports[..3].Select(port => Node(ports[..3], port))];
        foreach (var node in three) node.Launch();
        await AllUpAsync(three);
        Assert.Equal(1, Formed(three));
        Assert.All(three, node => Assert.DoesNotContain("this node is cut off", node.Log, StringComparison.Ordinal));
        Assert.Equal((200, "ready\n"), await GetAsync(three[2].HttpPort, "/readyz"));
        Assert.StartsWith("220", await GreetingAsync(three[1]), StringComparison.Ordinal);

        // The others do not list it.
        var fourth = Node(ports, ports[3]);
        fourth.Launch();
        await AllUpAsync([.. three, fourth]);
        Assert.Contains("joins the cluster of", fourth.Log, StringComparison.Ordinal);

        foreach (var node in _nodes) await node.KillAsync();
        foreach (var node in _nodes) node.Launch();
        await Eventually.HoldsAsync(() => _nodes.TrueForAll(node => node.Log.Split("ready: relay on").Length == 3), "all ready a second time", TimeSpan.FromSeconds(60), () => string.Join("\n\n", _nodes.Select(node => node.Log)));
        await AllUpAsync([.. three, fourth]);
        Assert.Equal(2, Formed([.. three, fourth]));
    }

    [Fact]
    public async Task One_of_three_sends_clients_away_and_says_what_it_waits_for_until_a_second_comes()
    {
        var ports = Ports(3);
        var node = Node(ports, ports[0]);
        node.Launch();
        await Eventually.HoldsAsync(() => node.Log.Contains("waits for the cluster: 1 of 3", StringComparison.Ordinal), "the line that it waits", otherwise: () => node.Log);
        Assert.StartsWith("421 4.3.2", await GreetingAsync(node), StringComparison.Ordinal);
        var (status, text) = await GetAsync(node.HttpPort, "/readyz");
        Assert.Equal(503, status);
        Assert.Equal($"cluster: 1 of 3 nodes of cluster.nodes are there, and it takes 2 to form the cluster; missing: 127.0.0.1:{ports[1]}, 127.0.0.1:{ports[2]}\n", text);
        Assert.Equal(200, (await GetAsync(node.HttpPort, "/healthz")).Status);
        Assert.StartsWith($"127.0.0.1:{ports[0]} not-current: 1 of 3", (await GetAsync(node.AdminPort, "/cluster")).Text, StringComparison.Ordinal);
        Assert.Equal(0, await node.StopAsync());
    }

    [Fact]
    public async Task The_third_refuses_mail_when_two_are_killed_ends_with_75_and_two_form_the_cluster_again_without_the_first()
    {
        var three = await ThreeUpAsync();
        await three[0].KillAsync();
        await three[1].KillAsync();
        await Eventually.HoldsAsync(() => three[2].Log.Contains("cut off from its cluster", StringComparison.Ordinal) || three[2].Log.Contains("stops, to be started again", StringComparison.Ordinal), "the line that it is cut off", otherwise: () => three[2].Log);
        Assert.Equal(75, await three[2].EndAsync(TimeSpan.FromSeconds(40)));
        string[] steps = ["stopping: sessions", "stopping: deliveries", "stopping: spool", "stopping: event log"];
        var places = steps.Select(step => three[2].Log.IndexOf(step, StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);

        // The first is gone for good.
        three[1].Launch();
        three[2].Launch();
        await Eventually.HoldsAsync(() => three[1..].All(node => node.Log.Split("ready: relay on").Length == 3), "two ready a second time", TimeSpan.FromSeconds(90), () => three[1].Log);
        await AllUpAsync(three[1..]);
        Assert.Equal(2, Formed(three));
    }

    [Fact]
    public async Task Where_the_first_dies_before_it_forms_the_cluster_the_others_form_it()
    {
        var ports = Ports(3);
        NodeProcess[] three = [.. ports.Order().Select(port => Node(ports, port))];
        three[0].Launch();
        three[1].Launch();

        // Both vote for the first, which waits for the third: it may be in a cluster.
        await Eventually.HoldsAsync(() => three[1].Log.Contains($"127.0.0.1:{ports.Min()} is to form the cluster", StringComparison.Ordinal), "a vote for the first", otherwise: () => three[1].Log);
        await three[0].KillAsync();
        three[2].Launch();
        await AllUpAsync(three[1..]);
        Assert.Equal(1, Formed(three[1..]));
    }

    [Fact]
    public async Task A_node_that_is_restarted_at_once_is_back_in_the_same_cluster()
    {
        var three = await ThreeUpAsync();
        await three[0].KillAsync();
        three[0].Launch();
        await Eventually.HoldsAsync(() => three[0].Log.Split("ready: relay on").Length == 3, "ready a second time", TimeSpan.FromSeconds(60), () => three[0].Log);
        await AllUpAsync(three);
        Assert.Equal(1, Formed(three));
    }

    [Fact]
    public async Task A_node_that_joins_two_that_die_over_it_starts_again_and_the_three_form_the_cluster_anew()
    {
        var three = await ThreeUpAsync();
        await three[0].KillAsync();
        three[0].Launch();

        // It is not up before its last incarnation is removed, and that takes a round of gossip.
        await Eventually.HoldsAsync(() => three[0].Log.Split("joins the cluster of").Length == 2, "joining", otherwise: () => three[0].Log);
        foreach (var node in three[1..]) await node.KillAsync();
        foreach (var node in three[1..]) node.Launch();
        Assert.Equal(75, await three[0].EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("cannot be joined any more", three[0].Log, StringComparison.Ordinal);
        three[0].Launch();
        await Eventually.HoldsAsync(() => three.All(node => node.Log.Split("ready: relay on").Length == 3), "all ready a second time", TimeSpan.FromSeconds(60), () => string.Join("\n\n", three.Select(node => node.Log)));
        await AllUpAsync(three);
        Assert.Equal(2, Formed(three));
    }

    [Fact]
    public async Task A_node_that_is_removed_while_it_joins_ends_with_75_and_joins_anew()
    {
        var ports = Ports(4);
        NodeProcess[] four = [.. ports.Order().Select(port => Node(ports, port))];
        foreach (var node in four[..3]) node.Launch();
        await AllUpAsync(four[..3]);

        // While one member stands still nobody becomes up; so the fourth is still to join when it stands still, too, and both are removed.
        await four[2].SignalAsync("STOP");
        four[3].Launch();
        await Eventually.HoldsAsync(async () => (await GetAsync(four[0].AdminPort, "/cluster")).Text.Contains(" joining ", StringComparison.Ordinal), "a member that joins", otherwise: () => four[3].Log);
        await four[3].SignalAsync("STOP");
        await Eventually.HoldsAsync(() => four[0].Log.Contains(" is gone; 2 members", StringComparison.Ordinal), "both to be removed", TimeSpan.FromSeconds(60), () => four[0].Log);
        foreach (var node in four[2..]) await node.SignalAsync("CONT");
        Assert.Equal(75, await four[3].EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Matches("removed from the cluster while it joined|not up in the cluster within 30 s", four[3].Log);
        four[3].Launch();
        await AllUpAsync(four[0], four[1], four[3]);
        Assert.Equal(1, Formed(four));
    }

    [Fact]
    public async Task With_TLS_three_deliver_mail_and_strangers_are_told_once_and_never_join()
    {
        using var authority = new TestAuthority("the cluster's");
        using var stranger = new TestAuthority("another's");
        await using var sink = new RecordingSink();
        var ports = Ports(5);
        var routes = Routes.To(sink.Port);
        NodeProcess[] three = [.. ports[..3].Select((port, i) => Node(ports[..3], port, authority.Issue($"node-{i}").Setting, routes))];
        var foreign = Node(ports[..4], ports[3], stranger.Issue("stranger").Setting);
        var plain = Node([.. ports[..3], ports[4]], ports[4]);
        foreach (var node in _nodes) node.Launch();
        await AllUpAsync(three);
        foreach (var node in three)
        {
            using var client = await RawClient.HelloAsync(node.SmtpPort);
            Assert.StartsWith("250", await client.MailAsync("a@example.com", "b@example.org", "Subject: by any node\r\n\r\nhello\r\n"), StringComparison.Ordinal);
        }

        await Eventually.HoldsAsync(() => sink.Messages.Count == 3, "three messages at the sink", otherwise: () => three[0].Log);
        foreach (var line in new[] { $"cluster.nodes: 127.0.0.1:{ports[0]}: its certificate is not one of this cluster's (cluster.tls.authority): \"CN=node-0\", issued by \"CN=the cluster's\"" })
        {
            await Eventually.HoldsAsync(() => foreign.Log.Contains(line, StringComparison.Ordinal), line, otherwise: () => foreign.Log);
        }

        await Eventually.HoldsAsync(() => plain.Log.Contains($"127.0.0.1:{ports[0]}: it speaks only TLS, and here cluster.tls is not set", StringComparison.Ordinal), "the node without TLS being told", otherwise: () => plain.Log);
        await Eventually.HoldsAsync(() => three[0].Log.Contains("speaks no TLS, and here cluster.tls is set", StringComparison.Ordinal), "the node with TLS telling of the other", otherwise: () => three[0].Log);

        // Each has asked a dozen times by then; each thing was said once.
        Assert.All(_nodes, node => Assert.InRange(node.Log.Split('\n').Length, 1, 40));
        Assert.DoesNotContain("ready:", foreign.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("ready:", plain.Log, StringComparison.Ordinal);
        Assert.Equal(3, (await GetAsync(three[0].AdminPort, "/cluster")).Text.Split('\n').Count(line => line.Contains(" up ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_node_with_TLS_says_that_the_others_have_none_and_one_by_another_name_what_it_is_called()
    {
        using var authority = new TestAuthority("the cluster's");
        var ports = Ports(4);
        var plain = Node(ports[..3], ports[0]);
        var tls = Node([ports[0], ports[1], ports[3]], ports[3], authority.Issue("node").Setting);
        var renamed = new NodeProcess("", cluster: string.Create(CultureInfo.InvariantCulture,
            $"bind = \"127.0.0.1:{ports[2]}\", address = \"localhost:{ports[2]}\", nodes = [\"127.0.0.1:{ports[0]}\", \"127.0.0.1:{ports[1]}\", \"localhost:{ports[2]}\"]"), akka: Quick);
        _nodes.Add(renamed);
        plain.Launch();
        tls.Launch();
        renamed.Launch();
        await Eventually.HoldsAsync(() => tls.Log.Contains($"cluster.nodes: 127.0.0.1:{ports[0]}: it speaks no TLS, and here cluster.tls is set", StringComparison.Ordinal), "the node with TLS being told", otherwise: () => tls.Log);
        await Eventually.HoldsAsync(() => plain.Log.Contains("speaks TLS, and here cluster.tls is not set", StringComparison.Ordinal), "the node without TLS telling of the other", otherwise: () => plain.Log);
        await Eventually.HoldsAsync(() => plain.Log.Contains($"cluster.nodes: 127.0.0.1:{ports[2]}: the node there calls itself localhost:{ports[2]} (its cluster.address); its name must be the same everywhere", StringComparison.Ordinal), "the wrong name", otherwise: () => plain.Log);
        Assert.All(_nodes, node => Assert.InRange(node.Log.Split('\n').Length, 0, 30));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
    }
}
