namespace MailCluster.Protocol.Proxy;

/// <summary>Why octets are no PROXY header.</summary>
public enum ProxyHeaderFault
{
    /// <summary>They are one, or may become one.</summary>
    None,
    /// <summary>Neither signature: somebody speaks another protocol.</summary>
    NoSignature,
    /// <summary>No CRLF within 107 octets (section 2.1), or a length over <see cref="ProxyHeaderParser.MaxLength"/>.</summary>
    TooLong,
    /// <summary>The line of version 1 does not match the grammar (section 2.1).</summary>
    BadLine,
    /// <summary>Another version than 2, or a command that is neither LOCAL nor PROXY (section 2.2).</summary>
    BadCommand,
    /// <summary>A family or transport that is not assigned (section 2.2).</summary>
    BadFamily,
    /// <summary>Fewer octets than the family's addresses have (section 2.2).</summary>
    TooShort,
    /// <summary>A type-length-value vector that runs past the header's end (section 2.2).</summary>
    BadVector,
    /// <summary>The checksum is another one (section 2.2.3).</summary>
    BadChecksum,
}
