using System.Collections.Immutable;

namespace MailCluster.Node.Cluster;

/// <summary>What a node says of itself to a peer that asks before it joins. Fields that are not known are ignored; a refusal has the first three alone.</summary>
internal sealed record BootstrapAnswer
{
    /// <summary>Of this protocol.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version that the answering node speaks.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What it calls itself: host and port.</summary>
    public string Name { get; init; } = "";

    /// <summary>Why it says no more, or null.</summary>
    public string? Refusal { get; init; }

    /// <summary>Random, for each start of its process.</summary>
    public long Incarnation { get; init; }

    /// <summary>Where it stands.</summary>
    public BootstrapStanding Standing { get; init; }

    /// <summary>While seeking: whom it wants to form the cluster. Whoever is told of a vote may count on it for <see cref="BootstrapState.FreshFor"/> from when it asked.</summary>
    public Voter? Vote { get; init; }

    /// <summary>While founding: whose votes it has.</summary>
    public ImmutableArray<Voter> Voters { get; init; } = [];

    /// <summary>In a cluster: its members, by name.</summary>
    public ImmutableArray<string> Members { get; init; } = [];

    /// <summary>While seeking: the cluster that it was in last.</summary>
    public ClusterRecord? Record { get; init; }

    /// <summary>While seeking: whether it started so long ago that whoever was in a cluster with its last incarnation has noticed (<see cref="BootstrapState.SilenceFor"/>).</summary>
    public bool Waited { get; init; }
}
