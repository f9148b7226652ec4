namespace MailCluster.Node.Configuration;

/// <summary>How the node stops (<c>mailcluster.shutdown</c>).</summary>
public sealed class ShutdownOptions
{
    /// <summary>From "not ready" to the first 421, so that load balancers have taken the node out by then. Default: 5 seconds.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long transactions that are in DATA, and then deliveries in flight, may each take to end. Default: 60 seconds.</summary>
    /// <remarks>A delivery cut off between its end of data and the reply is repeated after the restart: the recipient gets it twice.</remarks>
    public TimeSpan Deliveries { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a node that leaves for good may take to hand its mail to its peers; what is left then is kept and reported. Default: 10 minutes.</summary>
    public TimeSpan Handover { get; init; } = TimeSpan.FromMinutes(10);
}
