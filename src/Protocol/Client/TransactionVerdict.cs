namespace MailCluster.Protocol.Client;

/// <summary>What a reply decided.</summary>
public enum TransactionVerdict : byte
{
    /// <summary>Nothing that concerns a recipient.</summary>
    None,
    /// <summary>MAIL was refused: all recipients, with this reply. Where it is temporary, another host may do.</summary>
    MailRefused,
    /// <summary>The recipient was refused, with this reply.</summary>
    RecipientRefused,
    /// <summary>The transaction is full: the recipient goes into a further one, over the same connection.</summary>
    RecipientPostponed,
    /// <summary>DATA was refused: the recipients accepted so far, with this reply.</summary>
    DataRefused,
    /// <summary>The peer has the message and answers for it: the recipients accepted.</summary>
    Delivered,
    /// <summary>The end of data was refused: the recipients accepted, with this reply.</summary>
    ContentRefused,
    /// <summary>421, or a reply that makes no sense here: the connection is over. Recipients nobody spoke of stay as they were.</summary>
    HostFailed,
}
