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

    /// <summary>How often a server that does not answer is asked again before the next one is. Default: 1.</summary>
    public int Retries { get; init; } = 1;

    /// <summary>Answers are kept for at least so long, whatever they say. Default: 10 seconds. Records with a time to live of 0 would cost a lookup per report.</summary>
    public TimeSpan MinTimeToLive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answers are kept for at most so long. Default: 1 hour. A change of mail exchangers is seen by then.</summary>
    public TimeSpan MaxTimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>That a name or record does not exist is kept for at most so long (RFC 2308 section 5). Default: 5 minutes.</summary>
    public TimeSpan MaxNegativeTimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>That the name servers failed is kept for so long. Default: 15 seconds.</summary>
    public TimeSpan FailureTimeToLive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Answers kept; beyond that the ones not used for longest are dropped. Default: 50000, about 30 MB.</summary>
    public int CacheSize { get; init; } = 50_000;

    /// <summary>Lookups under way at a time. Default: 256; further ones wait their turn.</summary>
    public int ConcurrentLookups { get; init; } = 256;
}
