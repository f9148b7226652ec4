using System.Collections.Immutable;

namespace MailCluster.Node.Cluster;

/// <summary>What to do now.</summary>
internal abstract record BootstrapDecision
{
    private BootstrapDecision() { }

    /// <summary>Ask again.</summary>
    /// <param name="Reason">What is missing, for readiness and log.</param>
    public sealed record Wait(string Reason) : BootstrapDecision;

    /// <summary>Join one of those, whichever answers first. Said once.</summary>
    /// <param name="Targets">Whom to ask.</param>
    /// <param name="Members">Who is up in the cluster now, or is to be once it is formed. This node is not unless it voted for the founding: while it joins it has no say in who is the majority.</param>
    public sealed record Join(ImmutableArray<string> Targets, ImmutableArray<string> Members) : BootstrapDecision;

    /// <summary>What was to be joined is no more; this process has to start again.</summary>
    /// <param name="Reason">How that shows.</param>
    public sealed record GiveUp(string Reason) : BootstrapDecision;

    /// <summary>Form the cluster. Said once.</summary>
    public sealed record Found(ImmutableArray<Voter> Voters) : BootstrapDecision;
}
