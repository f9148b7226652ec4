namespace MailCluster.Protocol.Content;

/// <summary>What a <see cref="LineReader"/> found at the head of its input.</summary>
public enum LineStatus : byte
{
    /// <summary>No line is complete yet; more must come.</summary>
    Incomplete,
    /// <summary>A line that CRLF ended.</summary>
    Line,
    /// <summary>
    /// A line that a bare LF ended, or one that follows such a line before any CRLF. A server refuses it (500 5.5.2) and obeys no octet of it, so that a
    /// command cannot be smuggled behind a bare LF; a client that reads replies may take it for a line.
    /// </summary>
    BareLineFeed,
    /// <summary>A line over the limit was passed over to its end; its octets are gone (500 5.5.2, RFC 5321 section 4.5.3.1.9).</summary>
    TooLong,
}
