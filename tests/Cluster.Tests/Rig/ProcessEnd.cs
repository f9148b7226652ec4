namespace MailCluster.Cluster.Tests.Rig;

/// <summary>A process of a node is no more.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="At">When.</param>
internal sealed record ProcessEnd(string Node, TimeSpan At);
