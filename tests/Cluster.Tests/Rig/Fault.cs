namespace MailCluster.Cluster.Tests.Rig;

/// <summary>What was done to a node, and when.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Kind">In words.</param>
/// <param name="From">Since when.</param>
/// <param name="To">Until when; <see cref="TimeSpan.MaxValue"/> while it lasts.</param>
internal sealed record Fault(string Node, string Kind, TimeSpan From, TimeSpan To)
{
    /// <summary>A killed node's sockets are closed by the kernel; a paused or cut off one's stay, and it may not know yet that it may not use them.</summary>
    public bool Excuses => Kind != "killed";
}
