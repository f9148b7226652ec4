namespace MailCluster.Protocol.Content;

/// <summary>Why content cannot be accepted, though the transfer is read to its end so that the connection stays consistent.</summary>
public enum ContentFault : byte
{
    /// <summary>Nothing wrong.</summary>
    None,
    /// <summary>A CR without LF (RFC 5321 section 2.3.8).</summary>
    BareCarriageReturn,
    /// <summary>An LF without CR.</summary>
    BareLineFeed,
    /// <summary>An octet 0.</summary>
    Nul,
    /// <summary>A line over the limit (998 octets without CRLF, RFC 5322 section 2.1.1).</summary>
    LineTooLong,
    /// <summary>More octets than the size limit.</summary>
    TooLarge,
    /// <summary>More Received fields than a message that does not loop can have (RFC 5321 section 6.3).</summary>
    Loop,
}
