namespace MailCluster.Protocol.Content;

/// <summary>What the one pass over a message's content found out, so that nobody has to look at the octets again.</summary>
[Flags]
public enum ContentTraits : byte
{
    /// <summary>Seven bits, no line begins with a dot, ends with CRLF.</summary>
    None = 0,
    /// <summary>A line begins with a dot: DATA must stuff it (RFC 5321 section 4.5.2).</summary>
    HasLeadingDot = 1,
    /// <summary>An octet of the body is over 127.</summary>
    EightBitBody = 2,
    /// <summary>An octet of the header is over 127 (RFC 6532).</summary>
    EightBitHeader = 4,
    /// <summary>The last octets are not CRLF (possible through BDAT only).</summary>
    LacksFinalCrlf = 8,
}
