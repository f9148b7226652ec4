using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>A node that was removed from the cluster so long ago.</summary>
public readonly record struct GoneMember(NodeId Node, TimeSpan Ago);
