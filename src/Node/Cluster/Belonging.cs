namespace MailCluster.Node.Cluster;

/// <summary>Whether a node that has joined belongs to a cluster that may serve.</summary>
internal abstract record Belonging
{
    /// <summary>How long a node may be out of touch with the majority before it takes no more mail: a ping that comes late is no partition.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private Belonging() { }

    /// <summary>It takes mail.</summary>
    public sealed record Belongs : Belonging;

    /// <summary>It takes none until it reaches the majority again.</summary>
    /// <param name="Reason">Why, for readiness and log.</param>
    public sealed record CutOff(string Reason) : Belonging;

    /// <summary>It never will again in this life, and has to start anew.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Lost(string Reason) : Belonging;

    /// <summary>Judges.</summary>
    /// <param name="founders">Who may form a cluster.</param>
    /// <param name="members">Members that are up, this node included.</param>
    /// <param name="outOfTouch">How long no majority of them has answered; zero or less where it has.</param>
    public static Belonging Of(Founders founders, int members, TimeSpan outOfTouch) => members < founders.Least
        ? new Lost($"{members} of the {founders.Names.Length} nodes of cluster.nodes are left in the cluster: the others may form a new one")
        : outOfTouch >= Patience ? new CutOff("no majority of the members answers") : new Belongs();
}
