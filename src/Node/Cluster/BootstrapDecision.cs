using System.Collections.Immutable;

namespace MailCluster.Node.Cluster;

/// <summary>What to do now.</summary>
internal abstract record BootstrapDecision
{
    private BootstrapDecision() { }

    /// <summary>Ask again.</summary>
    /// <param name="Reason">What is missing, for readiness and log.</param>
    public sealed record Wait(string Reason) : BootstrapDecision;

    /// <summary>Join those, whichever answers first. Said once.</summary>
    public sealed record Join(ImmutableArray<string> Members) : BootstrapDecision;

    /// <summary>Form the cluster. Said once.</summary>
    public sealed record Found(ImmutableArray<Voter> Voters) : BootstrapDecision;
}
