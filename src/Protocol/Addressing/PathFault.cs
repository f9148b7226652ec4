namespace MailCluster.Protocol.Addressing;

/// <summary>Why octets are no path (RFC 5321 section 4.1.2).</summary>
public enum PathFault : byte
{
    /// <summary>It is one.</summary>
    None,
    /// <summary>No <c>&lt;</c> at the start, or no <c>&gt;</c> that ends it.</summary>
    Brackets,
    /// <summary>Nothing between the brackets, where a recipient is needed.</summary>
    Empty,
    /// <summary>The source route is malformed.</summary>
    Route,
    /// <summary>The local part is missing or holds what it may hold only quoted.</summary>
    LocalPart,
    /// <summary>The local part has over 64 octets (section 4.5.3.1.1).</summary>
    LocalPartTooLong,
    /// <summary>An address without a domain, other than <c>&lt;postmaster&gt;</c>.</summary>
    NoDomain,
    /// <summary>The domain or address literal is malformed.</summary>
    Domain,
    /// <summary>The domain has over <see cref="DomainName.MaxLength"/> octets, or a label over 63 (section 4.5.3.1.2).</summary>
    DomainTooLong,
    /// <summary>The path has over 256 octets, brackets included (section 4.5.3.1.3).</summary>
    PathTooLong,
}
