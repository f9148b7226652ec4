using System.Net.Sockets;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Node.Configuration;

/// <summary>How domains and hosts are written in <c>cluster.hocon</c>.</summary>
internal static class Names
{
    /// <summary>A domain, in letters of any alphabet, or an address literal.</summary>
    public static readonly ValueFormat<DomainName> Domain = new("a domain such as example.org", text => DomainName.TryParse(text, out var domain) ? domain : Parsed<DomainName>.No(), value => value.Value);

    /// <summary>A domain, or nothing.</summary>
    public static readonly ValueFormat<DomainName?> OptionalDomain = new("a domain such as mailcluster-nodes, or \"\"",
        text => text.Length == 0 ? new(true, null, null) : DomainName.TryParse(text, out var domain) && !domain.IsAddressLiteral ? (DomainName?)domain : Parsed<DomainName?>.No(), value => value?.Value ?? "");

    /// <summary>A domain, or an asterisk for all others.</summary>
    public static readonly ValueFormat<RouteDomainName> RouteDomain = new("a domain such as example.org, or \"*\" for all others",
        text => text == "*" ? new RouteDomainName(null) : DomainName.TryParse(text, out var domain) ? new RouteDomainName(domain) : Parsed<RouteDomainName>.No(),
        value => value.Domain?.Value ?? "*");

    /// <summary>A host and a port.</summary>
    public static readonly ValueFormat<HostPort> HostAndPort = new("a host and a port, such as mail.example.org:25, 127.0.0.1:2526 or [::1]:2526",
        text => TryHostAndPort(text, out var value) ? value : Parsed<HostPort>.No(), value => value.ToString());

    /// <summary>A host and a port, or nothing.</summary>
    public static readonly ValueFormat<HostPort?> OptionalHostAndPort = new("a host and a port, such as mail-0.example.org:4053, or \"\"",
        text => text.Length == 0 ? new(true, null, null) : TryHostAndPort(text, out var value) ? value : Parsed<HostPort?>.No(), value => value?.ToString() ?? "");

    /// <summary>Which domain a route is for; null for all others.</summary>
    public sealed record RouteDomainName(DomainName? Domain);

    /// <summary>A host, by name or address, and a port.</summary>
    public sealed record HostPort(string Host, int Port)
    {
        /// <inheritdoc/>
        public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
    }

    private static bool TryHostAndPort(string text, out HostPort value)
    {
        value = new("", 0);
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !Formats.TryPort(text[(colon + 1)..], out var port) || port == 0) return false;
        var host = text[..colon];
        if (host is ['[', .. var inside, ']'])
        {
            if (!Formats.TryAddress(inside, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6) return false;
            host = address.ToString();
        }
        else if (!Formats.TryAddress(host, out _) || host.Contains(':', StringComparison.Ordinal))
        {
            if (!DomainName.TryParse(host, out var name) || name.IsAddressLiteral) return false;
            host = name.Value;
        }

        value = new(host, port);
        return true;
    }
}
