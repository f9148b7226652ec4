namespace MailCluster.Support;

/// <summary>How the client's octets are cut into writes.</summary>
public enum Chunking
{
    /// <summary>All that can be sent is sent at once, before a reply is read: whatever the grouping, the replies must be the same.</summary>
    Whole,
    /// <summary>A line a write; the replies are read where the transcript has them.</summary>
    ByLine,
    /// <summary>An octet a write.</summary>
    ByOctet,
}
