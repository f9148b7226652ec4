using System.Globalization;
using System.Net.Sockets;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Node.Configuration;

/// <summary>How domains and hosts are written in <c>cluster.hocon</c>.</summary>
internal static class Names
{
    /// <summary>A domain, in letters of any alphabet, or an address literal.</summary>
    public static readonly ValueFormat<DomainName> Domain = new("a domain such as example.org", text => TryDomain(text, out var domain) ? domain : Parsed<DomainName>.No(), value => value.Value);

    /// <summary>A domain, or an asterisk for all others.</summary>
    public static readonly ValueFormat<RouteDomainName> RouteDomain = new("a domain such as example.org, or \"*\" for all others",
        text => text == "*" ? new RouteDomainName(null) : TryDomain(text, out var domain) ? new RouteDomainName(domain) : Parsed<RouteDomainName>.No(),
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
            if (!TryDomain(host, out var name) || name.IsAddressLiteral || name.Value.Split('.').All(label => label.All(char.IsAsciiDigit))) return false;
            host = name.Value;
        }

        value = new(host, port);
        return true;
    }

    private static bool TryDomain(string text, out DomainName domain)
    {
        domain = default;
        if (text is ['[', .. var inside, ']'])
        {
            var literal = inside.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase) ? inside[5..] : inside;
            if (!Formats.TryAddress(literal, out var address) || (address.AddressFamily == AddressFamily.InterNetworkV6) != (literal.Length != inside.Length)) return false;
            domain = new(address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]");
            return true;
        }

        var name = text;
        if (name.Any(c => c > 0x7f))
        {
            try
            {
                name = new IdnMapping { UseStd3AsciiRules = true }.GetAscii(name);
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        name = name.ToLowerInvariant();
        if (name.Length is 0 or > 253) return false;
        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-' || !label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')) return false;
        }

        domain = new(name);
        return true;
    }
}
