using System.Text;

namespace MailCluster.Protocol.Addressing;

/// <summary>
/// The strings of domains seen lately, so that the same few domains of a campaign cost no string each, and are the same object wherever they are kept.
/// Bounded: a slot holds the last domain that fell on it. Safe from all threads, since a slot is one reference to an immutable string.
/// </summary>
internal static class DomainNameCache
{
    private const int Slots = 4096;
    private static readonly string?[] Recent = new string?[Slots];

    /// <summary>The string of a domain in lower case.</summary>
    /// <param name="domain">ASCII, at most <see cref="DomainName.MaxLength"/> octets, checked.</param>
    public static string Get(ReadOnlySpan<byte> domain)
    {
        Span<byte> lower = stackalloc byte[DomainName.MaxLength];
        Ascii.ToLower(domain, lower, out var length);
        lower = lower[..length];
        var hash = new HashCode();
        hash.AddBytes(lower);
        ref var slot = ref Recent[hash.ToHashCode() & (Slots - 1)];
        var known = Volatile.Read(ref slot);
        if (known is not null && Ascii.Equals(lower, known))
        {
            return known;
        }

        var fresh = Encoding.ASCII.GetString(lower);
        Volatile.Write(ref slot, fresh);
        return fresh;
    }
}
