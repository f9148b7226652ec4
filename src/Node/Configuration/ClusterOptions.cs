using System.Net;

namespace MailCluster.Node.Configuration;

/// <summary>How nodes talk to each other (<c>mailcluster.cluster</c>).</summary>
public sealed class ClusterOptions
{
    /// <summary>Where peers connect to. Default: 127.0.0.1:4053.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.Loopback, 4053);

    /// <summary>The name or address by which peers reach it. Default: the bind's.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port by which peers reach it. Default: the bind's.</summary>
    public int Port { get; init; } = 4053;
}
