using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>A node that was removed from the cluster.</summary>
/// <param name="Node">The node.</param>
/// <param name="Ago">How long ago the teller saw it go.</param>
/// <param name="Unheard">How long ago the teller last answered it. Nothing that a node does as a granter rests on answers older than <see cref="LeaseTiming.Fence"/>.</param>
public readonly record struct GoneMember(NodeId Node, TimeSpan Ago, TimeSpan Unheard);
