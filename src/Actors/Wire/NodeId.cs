using Akka.Cluster;

namespace MailCluster.Actors.Wire;

/// <summary>One incarnation of one node: a restarted process is another node.</summary>
/// <param name="Address">Host and port of the cluster endpoint.</param>
/// <param name="Incarnation">Akka's unique id of the actor system.</param>
public readonly record struct NodeId(string Address, int Incarnation)
{
    /// <summary>A member's.</summary>
    public static NodeId Of(UniqueAddress node) => new($"{node.Address.Host}:{node.Address.Port}", node.Uid);

    /// <inheritdoc/>
    public override string ToString() => $"{Address}#{Incarnation}";
}
