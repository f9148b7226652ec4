using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Cluster.Tests;

/// <summary>The cluster on one machine that new users start: <c>deploy/local/cluster.sh</c>.</summary>
[Collection(nameof(RigTests))]
public sealed class LocalClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _offset = FreeOffset();

    [Fact]
    public async Task Three_nodes_come_up_with_one_word_take_mail_and_go_down()
    {
        try
        {
            var (code, said) = await ClusterAsync("up", "3");
            Assert.True(code == 0, said);
            var second = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{2535 + _offset}");
            Assert.Contains($"swaks --server 127.0.0.1:{2525 + _offset} --from you@example.com --to somebody@example.org", said, StringComparison.Ordinal);
            Assert.Contains(second, said, StringComparison.Ordinal);

            (code, said) = await ClusterAsync("status");
            Assert.Equal(0, code);
            Assert.Equal(3, said.Split(", ready").Length - 1);
            foreach (var line in Enumerable.Range(0, 3).Select(node => $"127.0.0.1:{4053 + (10 * node) + _offset} up reachable"))
            {
                Assert.Equal(3, said.Split(line).Length - 1);       // Each of the three sees it.
            }

            Assert.Equal(0, (await Run.ToEndAsync("swaks", ["--server", second, "--from", "you@example.com", "--to", "somebody@example.org", "--header", "Subject: into the cluster"])).ExitCode);
            var sink = Path.Combine(_folder.Path, "sink", "log");
            await Eventually.HoldsAsync(() => File.ReadAllText(sink).Contains("subject=\"into the cluster\"", StringComparison.Ordinal), "the mail at the sink");
        }
        finally
        {
            var (code, said) = await ClusterAsync("down");
            Assert.True(code == 0, said);
        }

        var (_, after) = await ClusterAsync("status");
        Assert.Equal(3, after.Split("not running").Length - 1);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_before_anything_starts()
    {
        using var other = new TcpListener(IPAddress.Loopback, 8090 + _offset);
        other.Start();
        var (code, said) = await ClusterAsync("up", "3");
        Assert.Equal(1, code);
        Assert.Contains($"port {8090 + _offset} (http of n2) is taken by another process", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "n1")));
    }

    public void Dispose() => _folder.Dispose();

    private Task<(int ExitCode, string Output)> ClusterAsync(params string[] words) => Run.ToEndAsync(
        "env",
        [
            $"MAILCLUSTER_LOCAL={_folder.Path}", string.Create(CultureInfo.InvariantCulture, $"MAILCLUSTER_LOCAL_OFFSET={_offset}"),
            $"MAILCLUSTER_LOCAL_PROGRAM={Path.Combine(AppContext.BaseDirectory, "mailcluster.dll")}", Path.Combine(Root(), "deploy", "local", "cluster.sh"), .. words,
        ],
        TimeSpan.FromMinutes(3));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "MailCluster.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    /// <summary>One by which none of the ports that are used is taken.</summary>
    private static int FreeOffset()
    {
        int[] ports = [2524, .. Enumerable.Range(0, 3).SelectMany(node => new[] { 2525, 8080, 8081, 4053, 4054, 4090 }.Select(port => port + (10 * node)))];
        var open = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties();
        var taken = open.GetActiveTcpListeners().Concat(open.GetActiveTcpConnections().Select(connection => connection.LocalEndPoint)).Select(endPoint => endPoint.Port).ToHashSet();
        while (true)
        {
            var offset = Random.Shared.Next(6000, 20000);
            if (!ports.Any(port => taken.Contains(port + offset)))
            {
                return offset;
            }
        }
    }
}
