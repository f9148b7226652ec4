namespace MailCluster.Protocol.Content;

/// <summary>What is done with a CR without LF or an LF without CR in content.</summary>
public enum BareNewlines : byte
{
    /// <summary>The message is refused with 5xx.</summary>
    Reject,
    /// <summary>Each becomes CRLF; <c>LF . LF</c> is then a line with a dot in the message, never an end of data.</summary>
    Normalize,
}
