using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>The program from outside: how it starts, refuses to start, and stops.</summary>
public class StartingTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mailcluster.dll");

    private static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => Run.ToEndAsync("dotnet", [Program, .. arguments]);

    private static async Task<(int Status, string Text)> GetAsync(int port, string path)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Check_prints_every_value_with_its_origin_and_opens_nothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("cluster.hocon"), "mailcluster {\n  hostname = \"relay.test\"\n}\n");
        var (code, output) = await RunAsync("--config", folder.File("cluster.hocon"), "--check");
        Assert.Equal(0, code);
        Assert.Contains($"mailcluster.hostname = relay.test  # {folder.File("cluster.hocon")}:2", output, StringComparison.Ordinal);
        Assert.Contains("mailcluster.retry.first = 5m  # default", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Theory]
    [InlineData("--check")]
    [InlineData(null)]
    public async Task A_mistake_in_the_configuration_stops_it_with_file_line_key_and_remedy(string? check)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("cluster.hocon"), "mailcluster {\n  delivery { prot = 25 }\n}\n");
        var (code, output) = await RunAsync(["--config", folder.File("cluster.hocon"), .. check is null ? Array.Empty<string>() : [check]]);
        Assert.Equal(1, code);
        Assert.Contains($"{folder.File("cluster.hocon")}:2: mailcluster.delivery.prot: unknown key; did you mean \"port\"?", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Fact]
    public async Task A_file_that_is_named_and_missing_stops_it()
    {
        var (code, output) = await RunAsync("--config", "/nowhere/cluster.hocon");
        Assert.Equal(1, code);
        Assert.Contains("/nowhere/cluster.hocon: there is no such file", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_word_on_the_command_line_stops_it()
    {
        var (code, output) = await RunAsync("--confg", "a");
        Assert.Equal(1, code);
        Assert.Contains("--confg", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_found_before_the_spool_is_opened()
    {
        await using var node = new NodeProcess("");
        using var other = new TcpListener(IPAddress.Loopback, node.SmtpPort);
        other.Start();
        var (code, output) = await RunAsync("--config", node.ConfigurationFile);
        Assert.Equal(1, code);
        Assert.Contains($"listener \"relay\": cannot listen on 127.0.0.1:{node.SmtpPort}: another process has the port", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(node.DataDirectory, "spool")));
    }

    [Fact]
    public async Task A_data_directory_in_use_stops_a_second_node_and_leaves_the_first_alone()
    {
        await using var node = await NodeProcess.StartAsync("");
        var configuration = Path.Combine(Path.GetDirectoryName(node.ConfigurationFile)!, "second.hocon");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            mailcluster {
              listeners = [ { bind = "127.0.0.1:{{FreePort.Next()}}" } ]
              http { bind = "127.0.0.1:{{FreePort.Next()}}" }
              admin { bind = "127.0.0.1:{{FreePort.Next()}}" }
              cluster { bind = "127.0.0.1:{{FreePort.Next()}}" }
            }
            """));
        var (code, output) = await RunAsync("--config", configuration);
        Assert.Equal(1, code);
        Assert.Contains($"data-directory: {node.DataDirectory} is in use by another process", output, StringComparison.Ordinal);
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("221", await client.SayAsync("QUIT"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_answered_and_the_node_is_ready_with_its_listeners()
    {
        await using var node = await NodeProcess.StartAsync("");
        await Eventually.HoldsAsync(() => node.Log.Contains("ready: relay on", StringComparison.Ordinal), "the line that it is ready", otherwise: () => node.Log);
        Assert.Equal((200, "ok\n"), await GetAsync(node.HttpPort, "/healthz"));
        Assert.Equal((200, "ready\n"), await GetAsync(node.HttpPort, "/readyz"));
        Assert.Equal(404, (await GetAsync(node.HttpPort, "/configuration")).Status);
        Assert.Equal(404, (await GetAsync(node.HttpPort, "/")).Status);
    }

    [Fact]
    public async Task Stops_in_order_with_exit_code_0_and_says_goodbye_to_clients()
    {
        await using var node = await NodeProcess.StartAsync("");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        var stop = node.StopAsync();
        Assert.StartsWith("421 4.3.2", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await stop);
        string[] steps = ["not ready any more", "sessions", "deliveries", "spool", "event log"];
        var places = steps.Select(step => node.Log.IndexOf($"stopping: {step}", StringComparison.Ordinal)).ToArray();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.Contains("stopped", node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Goes_on_accepting_through_the_delay_while_it_is_not_ready_and_a_second_signal_skips_it()
    {
        await using var node = new NodeProcess("");
        File.WriteAllText(node.ConfigurationFile, File.ReadAllText(node.ConfigurationFile).Replace("delay = 0s", "delay = 10m", StringComparison.Ordinal));
        await node.StartAsync();
        await node.SignalAsync("TERM");
        await Eventually.HoldsAsync(() => node.Log.Contains("stopping: not ready any more", StringComparison.Ordinal), "the begin of stopping", otherwise: () => node.Log);
        Assert.Equal((503, "stopping\n"), await GetAsync(node.HttpPort, "/readyz"));
        Assert.Equal(200, (await GetAsync(node.HttpPort, "/healthz")).Status);
        using (var client = await RawClient.HelloAsync(node.SmtpPort))
        {
            Assert.StartsWith("250 2.0.0", await client.MailAsync("a@example.com", "b@example.org", "Subject: late\r\n\r\nstill taken\r\n"), StringComparison.Ordinal);
        }

        Assert.Equal(0, await node.StopAsync());
    }

    [Fact]
    public async Task A_transaction_in_DATA_ends_before_the_node_does()
    {
        await using var node = await NodeProcess.StartAsync("delivery.enabled = off");
        using var client = await RawClient.HelloAsync(node.SmtpPort);
        Assert.StartsWith("250", await client.SayAsync("MAIL FROM:<a@example.com>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SayAsync("RCPT TO:<b@example.org>"), StringComparison.Ordinal);
        Assert.StartsWith("354", await client.SayAsync("DATA"), StringComparison.Ordinal);
        await client.SendAsync("Subject: half\r\n\r\nfirst half\r\n");
        var stop = node.StopAsync();
        await Eventually.HoldsAsync(() => node.Log.Contains("stopping: not ready any more", StringComparison.Ordinal), "the begin of stopping", otherwise: () => node.Log);
        await client.SendAsync("second half\r\n.\r\n");
        Assert.StartsWith("250 2.0.0", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("421 4.3.2", await client.ReplyAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await stop);
        await node.StartAsync();
        Assert.Contains("1 recipients in the queue", node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Starts_without_a_file_where_it_stands()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Run.ToEndAsync("sh", ["-c", $"cd '{folder.Path}' && exec dotnet '{Program}' --check"]);
        Assert.Equal(0, code);
        Assert.Contains("mailcluster.data-directory = data  # default", output, StringComparison.Ordinal);
        File.WriteAllText(folder.File("cluster.hocon"), "mailcluster.data-directory = queue\n");
        Assert.Contains("mailcluster.data-directory = queue  # cluster.hocon:1", (await Run.ToEndAsync("sh", ["-c", $"cd '{folder.Path}' && exec dotnet '{Program}' --check"])).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spool_that_cannot_be_read_stops_it_with_its_name()
    {
        await using var node = new NodeProcess("");
        Directory.CreateDirectory(Path.Combine(node.DataDirectory, "spool"));
        await File.WriteAllTextAsync(Path.Combine(node.DataDirectory, "spool", "spool"), "not a spool of ours", TestContext.Current.CancellationToken);
        var (code, output) = await RunAsync("--config", node.ConfigurationFile);
        Assert.Equal(1, code);
        Assert.Contains($"not started: spool {Path.Combine(node.DataDirectory, "spool")}: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_during_the_start_ends_it_in_order()
    {
        await using var node = new NodeProcess("");
        var started = node.StartAsync();
        await Eventually.HoldsAsync(() => Listens(node.HttpPort), "health, which is there first");
        Assert.Equal(0, await node.StopAsync());
        await Record.ExceptionAsync(() => started);
        Assert.DoesNotContain("not started", node.Log, StringComparison.Ordinal);
    }

    private static bool Listens(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
