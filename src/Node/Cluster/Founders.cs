using System.Collections.Immutable;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Cluster;

/// <summary>The nodes that may form a cluster, and how many of them it takes. Others join, but never form.</summary>
/// <param name="Names">Host and port of each, as it calls itself.</param>
internal readonly record struct Founders(ImmutableArray<string> Names)
{
    /// <summary>Those of a configuration.</summary>
    public static Founders Of(ClusterOptions options) => new(options.Nodes);

    /// <summary>How many it takes to form a cluster: two groups of so many have one in common.</summary>
    public int Majority => (Names.Length / 2) + 1;

    /// <summary>Whether the node is one of them.</summary>
    public bool Contains(string name) => Names.Contains(name);
}
