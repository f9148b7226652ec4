namespace MailCluster.Protocol.Client;

/// <summary>What a transaction may send next.</summary>
public enum TransactionSend : byte
{
    /// <summary>Nothing before another reply has come.</summary>
    Nothing,
    /// <summary>MAIL.</summary>
    Mail,
    /// <summary>RCPT for the recipient <see cref="MailTransaction.SendRecipient"/>.</summary>
    Rcpt,
    /// <summary>DATA.</summary>
    Data,
    /// <summary>The content, to its end: after a 354, or as a BDAT chunk.</summary>
    Content,
    /// <summary>A lone dot: 354 was given though nobody is to get the content (RFC 2920 section 3.1).</summary>
    Dot,
    /// <summary>RSET: the peer may still hold a transaction.</summary>
    Rset,
}
