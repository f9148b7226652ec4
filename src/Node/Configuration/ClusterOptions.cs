using System.Collections.Immutable;
using System.Net;

namespace MailCluster.Node.Configuration;

/// <summary>How nodes talk to each other (<c>mailcluster.cluster</c>).</summary>
public sealed class ClusterOptions
{
    /// <summary>From <see cref="Bind"/>'s port to the bootstrap endpoint's, where nobody says otherwise. Not 1: nodes on one machine often have neighbouring ports.</summary>
    public const int BootstrapOffset = 37;

    /// <summary>Where peers connect to. Default: 127.0.0.1:4053.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.Loopback, 4053);

    /// <summary>The name or address by which peers reach it. Default: the bind's.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port by which peers reach it. Default: the bind's.</summary>
    public int Port { get; init; } = 4053;

    /// <summary>The nodes that may form the cluster, host and port as each calls itself. Empty: this one is alone and forms its own at once.</summary>
    public ImmutableArray<string> Nodes { get; init; } = [];

    /// <summary>What peers ask before they join. Default: the bind's address, at <see cref="BootstrapOffset"/>.</summary>
    public IPEndPoint Bootstrap { get; init; } = new(IPAddress.Loopback, 4053 + BootstrapOffset);

    /// <summary>The headless service whose names <see cref="Nodes"/> were computed from; null where they were written.</summary>
    public string? Service { get; init; }

    /// <summary>What mutual TLS between nodes is made with; null without it.</summary>
    public ClusterTlsOptions? Tls { get; init; }

    /// <summary>The nodes' internal listener. Default: port 4054 of the bind's address, or another one where that is taken.</summary>
    public IPEndPoint Handover { get; init; } = new(IPAddress.Loopback, 4054);

    /// <summary>True where the file names <see cref="Handover"/>: then it is that port or none.</summary>
    public bool IsHandoverWritten { get; init; }

    /// <summary>What peers reach the internal listener by, host and port; null: <see cref="Host"/> with the port that it has.</summary>
    public string? HandoverAddress { get; init; }

    /// <summary>What this node calls itself: host and port, as it stands in <see cref="Nodes"/>.</summary>
    public string Name => new Names.HostPort(Host, Port).ToString();

    /// <summary>True where no other node is expected.</summary>
    public bool IsAlone => Nodes.IsEmpty;
}
