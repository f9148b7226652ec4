namespace MailCluster.Node.Cluster;

/// <summary>What came of asking a peer: an answer, or why there is none.</summary>
/// <param name="Answer">From the node that was meant; null where there is none.</param>
/// <param name="Fault">Null where there is an answer.</param>
internal readonly record struct BootstrapReply(BootstrapAnswer? Answer, BootstrapFault? Fault)
{
    /// <summary>It answered.</summary>
    public static BootstrapReply From(BootstrapAnswer answer) => new(answer, null);

    /// <summary>It is not there.</summary>
    public static BootstrapReply Silent(string reason) => new(null, new(reason, false));

    /// <summary>There is something to mend.</summary>
    public static BootstrapReply Mistake(string reason) => new(null, new(reason, true));
}
