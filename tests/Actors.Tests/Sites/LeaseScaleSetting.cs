namespace MailCluster.Actors.Tests.Sites;

/// <summary>What a run of <see cref="LeaseScale"/> is made of.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Nodes">Nodes of the cluster.</param>
/// <param name="Destinations">Sites with mail.</param>
/// <param name="NodesEach">Nodes that have mail for each of them.</param>
/// <param name="Limit">Connections to a site in the whole cluster.</param>
/// <param name="Demand">Connections that a node with mail could use, at most.</param>
/// <param name="Seconds">Virtual time, after half a minute to settle.</param>
internal sealed record LeaseScaleSetting(string Name, int Nodes, int Destinations, int NodesEach, int Limit, int Demand, int Seconds)
{
    /// <summary>True where a node's mail for a site comes and goes, some seconds each; else there is always some.</summary>
    public bool Bursts { get; init; }

    /// <summary>True where one node dies in the middle: it is removed 11 s later, and its actors start anew on others a second after that.</summary>
    public bool NodeDies { get; init; }

    /// <summary>How many runs, each with a seed of its own.</summary>
    public int Runs { get; init; } = 1;
}
