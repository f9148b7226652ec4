using System.Collections.Immutable;
using System.Net;

namespace MailCluster.Actors.Delivery;

/// <summary>What the name servers said to one question.</summary>
internal abstract record DnsAnswer(TimeSpan TimeToLive)
{
    /// <summary>Mail exchangers; a null MX (RFC 7505) has an empty name. May be empty: the name exists and has none.</summary>
    public sealed record Exchangers(ImmutableArray<MailExchanger> Hosts, TimeSpan TimeToLive) : DnsAnswer(TimeToLive);

    /// <summary>Addresses. May be empty: the name exists and has none.</summary>
    public sealed record Addresses(ImmutableArray<IPAddress> Values, TimeSpan TimeToLive) : DnsAnswer(TimeToLive);

    /// <summary>The name does not exist (NXDOMAIN).</summary>
    public sealed record NoSuchName(TimeSpan TimeToLive) : DnsAnswer(TimeToLive);

    /// <summary>No answer that could be used: SERVFAIL, refused, silence, garbage. Another time there may be.</summary>
    public sealed record Failed(string Cause, TimeSpan TimeToLive) : DnsAnswer(TimeToLive);
}
