namespace MailCluster.Actors.Sites;

/// <summary>When a site is taken to be down (<c>mailcluster.sites</c>).</summary>
public sealed class SiteOptions
{
    /// <summary>Connections that failed one after the other, on all nodes, until the circuit opens and nobody connects any more. Default: 5.</summary>
    public int BrokenAfter { get; init; } = 5;

    /// <summary>How long the circuit stays open the first time; twice as long each further time. Then one connection is tried. Default: 10 seconds.</summary>
    public TimeSpan BrokenFirst { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time it stays open. Default: 5 minutes.</summary>
    public TimeSpan BrokenMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one node may take to try; then another may. Default: 1 minute.</summary>
    public TimeSpan BrokenProbe { get; init; } = TimeSpan.FromMinutes(1);
}
