using System.Globalization;
using System.Text.RegularExpressions;
using MailCluster.EndToEnd.Tests.Support;

namespace MailCluster.EndToEnd.Tests.Leaving;

/// <summary>Real nodes on loopback, in one cluster.</summary>
internal sealed partial class NodeCluster : IAsyncDisposable
{
    /// <summary>Makes their configurations; starts nothing.</summary>
    public NodeCluster(string settings, int count = 3)
    {
        var ports = Enumerable.Range(0, count).Select(_ => FreePort.NextWith(MailCluster.Node.Configuration.ClusterOptions.BootstrapOffset)).ToArray();
        var nodes = string.Join(", ", ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"\"127.0.0.1:{port}\"")));
        Nodes = [.. ports.Select(port =>
        {
            var node = new NodeProcess(settings);
            Rewrite(node, text => Cluster().Replace(text, string.Create(CultureInfo.InvariantCulture, $$"""cluster { bind = "127.0.0.1:{{port}}", nodes = [ {{nodes}} ] }""")));
            return node;
        })];
    }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<NodeProcess> Nodes { get; }

    /// <summary>Starts all, and waits until all take mail.</summary>
    public Task StartAsync() => Task.WhenAll(Nodes.Select(node => node.StartAsync()));

    /// <summary>Changes a node's configuration, for its next start.</summary>
    public static void Rewrite(NodeProcess node, Func<string, string> change) => File.WriteAllText(node.ConfigurationFile, change(File.ReadAllText(node.ConfigurationFile)));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }

    [GeneratedRegex(@"cluster \{ bind = [^}]*\}")]
    private static partial Regex Cluster();
}
