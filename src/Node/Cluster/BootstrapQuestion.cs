namespace MailCluster.Node.Cluster;

/// <summary>What a peer is asked.</summary>
internal sealed record BootstrapQuestion
{
    /// <summary>Of this protocol.</summary>
    public int Version { get; init; } = BootstrapAnswer.CurrentVersion;

    /// <summary>What the asking node calls itself.</summary>
    public string From { get; init; } = "";

    /// <summary>What it calls the node that it asks.</summary>
    public string To { get; init; } = "";
}
