namespace MailCluster.Cluster.Tests.Rig;

/// <summary>A connection that was opened to a site beyond its limit.</summary>
/// <param name="Site">The site.</param>
/// <param name="At">When.</param>
/// <param name="Open">Connections open then, by node.</param>
/// <param name="Openings">When those were opened.</param>
/// <param name="Excused">Without those of nodes that were, or just had been, paused or cut off, the limit held.</param>
internal sealed record Excess(string Site, TimeSpan At, IReadOnlyDictionary<string, int> Open, IReadOnlyList<TimeSpan> Openings, bool Excused);
