namespace MailCluster.Protocol.Client;

/// <summary>What a client waits for. Names the timeout that holds, and what log and report say where it runs out.</summary>
public enum ClientStep : byte
{
    /// <summary>The connection.</summary>
    Connect,
    /// <summary>The greeting.</summary>
    Greeting,
    /// <summary>The reply to EHLO or HELO.</summary>
    Hello,
    /// <summary>The reply to STARTTLS.</summary>
    StartTls,
    /// <summary>The TLS handshake.</summary>
    Handshake,
    /// <summary>The reply to MAIL.</summary>
    Mail,
    /// <summary>The reply to RCPT.</summary>
    Rcpt,
    /// <summary>The reply to DATA.</summary>
    Data,
    /// <summary>The peer to take a block of content.</summary>
    Content,
    /// <summary>The reply to the end of data.</summary>
    EndOfData,
    /// <summary>The reply to RSET.</summary>
    Rset,
    /// <summary>Nothing: no transaction runs.</summary>
    Idle,
}
