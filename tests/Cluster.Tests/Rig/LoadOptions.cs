using System.Net;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>What applications send.</summary>
internal sealed record LoadOptions
{
    /// <summary>Where a client connects.</summary>
    public required Func<int, IPEndPoint> Target { get; init; }

    /// <summary>Whom a message goes to.</summary>
    public required Func<long, string> Recipient { get; init; }

    /// <summary>Connections.</summary>
    public int Clients { get; init; } = 6;

    /// <summary>Between two messages of a client.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Numbers begin after this one: two loads of a run share none.</summary>
    public long First { get; init; }
}
