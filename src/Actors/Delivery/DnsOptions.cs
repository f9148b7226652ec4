using System.Collections.Immutable;
using System.Net;

namespace MailCluster.Actors.Delivery;

/// <summary>The name servers (<c>mailcluster.dns</c>).</summary>
public sealed class DnsOptions
{
    /// <summary>Asked in order. Default: empty, the system's.</summary>
    public ImmutableArray<IPEndPoint> Servers { get; init; } = [];

    /// <summary>The wait for one answer. Default: 5 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
