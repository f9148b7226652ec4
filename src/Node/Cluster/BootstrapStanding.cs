namespace MailCluster.Node.Cluster;

/// <summary>Where a node stands, as it tells peers that ask.</summary>
internal enum BootstrapStanding
{
    /// <summary>In no cluster; it looks for one, and votes.</summary>
    Seeking,

    /// <summary>It forms one, with those that have voted for it, and is not up yet. Only these join it.</summary>
    Founding,

    /// <summary>It joins one and is not up yet.</summary>
    Joining,

    /// <summary>Up in a cluster, with a majority of it in reach: whoever seeks may join.</summary>
    Member,

    /// <summary>In a cluster whose majority it does not reach, or not yet. It attracts nobody, and nobody forms a cluster beside it.</summary>
    CutOff,

    /// <summary>On its way out.</summary>
    Leaving,
}
