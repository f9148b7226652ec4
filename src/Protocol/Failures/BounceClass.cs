namespace MailCluster.Protocol.Failures;

/// <summary>What kind of trouble a refusal speaks of: what counts of its own in statistics, and whether the recipient's address is to blame.</summary>
public enum BounceClass : byte
{
    /// <summary>None of the others.</summary>
    Other,
    /// <summary>No such mailbox, or no such address.</summary>
    InvalidRecipient,
    /// <summary>The mailbox is there and takes nothing: disabled, moved without a forwarding address.</summary>
    InactiveMailbox,
    /// <summary>The domain does not exist or takes no mail (null MX).</summary>
    BadDomain,
    /// <summary>The reverse-path or its domain was refused.</summary>
    InvalidSender,
    /// <summary>Mailbox full, or message too large.</summary>
    Quota,
    /// <summary>No host answered.</summary>
    NoAnswer,
    /// <summary>The connection broke or a wait ran out.</summary>
    BadConnection,
    /// <summary>The name servers failed.</summary>
    Dns,
    /// <summary>No way, or a way in circles.</summary>
    Routing,
    /// <summary>The host has too much to do, or says "slow down".</summary>
    Congestion,
    /// <summary>The lifetime ended.</summary>
    Expired,
    /// <summary>The two sides did not understand each other.</summary>
    Protocol,
    /// <summary>Too many recipients.</summary>
    TooManyRecipients,
    /// <summary>The content could not be taken, converted or decoded.</summary>
    Content,
    /// <summary>Authentication of the sender failed: SPF, DKIM, DMARC, reverse DNS.</summary>
    Authentication,
    /// <summary>Refused by policy or reputation.</summary>
    Policy,
}
