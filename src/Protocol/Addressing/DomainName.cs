namespace MailCluster.Protocol.Addressing;

/// <summary>
/// What stands behind the at sign: a domain in its form for DNS (A-labels, lower case, no final dot) or an address literal
/// with its brackets (<c>[192.0.2.1]</c>, <c>[IPv6:2001:db8::1]</c>). It is the key of a destination: equal domains share a queue.
/// </summary>
/// <param name="Value">The normal form; compared octet by octet.</param>
public readonly partial record struct DomainName(string Value) : IComparable<DomainName>
{
    /// <summary>True for <c>[…]</c>: mail goes to that address, without MX lookup (RFC 5321 section 5.1).</summary>
    public bool IsAddressLiteral => Value is ['[', ..];

    /// <inheritdoc/>
    public int CompareTo(DomainName other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Ordinal order.</summary>
    public static bool operator <(DomainName left, DomainName right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >(DomainName left, DomainName right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator <=(DomainName left, DomainName right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order.</summary>
    public static bool operator >=(DomainName left, DomainName right) => left.CompareTo(right) >= 0;
}
