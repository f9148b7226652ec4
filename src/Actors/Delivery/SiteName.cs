using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Delivery;

/// <summary>
/// The name of a site: the set of mail exchangers that a domain's MX records name, sorted, in lower case, joined with commas, and the port where it is not 25. Domains that name the same set
/// share a site, whatever preferences they give. A domain without MX is the only mail exchanger it has (RFC 5321 section 5.1), so its own name; an address literal is itself.
/// </summary>
internal static class SiteName
{
    /// <summary>Longer names are shortened: they are names of actors, and travel in each message.</summary>
    private const int Longest = 200;

    public static SiteKey Of(IEnumerable<string> hosts, int port)
    {
        var name = string.Join(',', hosts.Select(host => host.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        if (name.Length > Longest)
        {
            // The beginning tells a human which site it is, the hash tells it from others with the same beginning. On every node and in every version the same.
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 12));
            name = string.Concat(name.AsSpan(0, Longest - hash.Length - 1), "#", hash);
        }

        return new SiteKey(port == 25 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{port}"), SiteKey.DefaultSource);
    }

    public static SiteKey OfStatic(string host, int port) => new(string.Create(CultureInfo.InvariantCulture, $"route:{host.ToLowerInvariant()}:{port}"), SiteKey.DefaultSource);
}
