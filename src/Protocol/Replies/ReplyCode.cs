namespace MailCluster.Protocol.Replies;

/// <summary>The reply codes a server sends, by what they say (RFC 5321 section 4.2.2).</summary>
public static class ReplyCode
{
    /// <summary>214.</summary>
    public const int Help = 214;
    /// <summary>220.</summary>
    public const int Greeting = 220;
    /// <summary>221.</summary>
    public const int Closing = 221;
    /// <summary>250.</summary>
    public const int Ok = 250;
    /// <summary>252: cannot verify, but will take the mail.</summary>
    public const int CannotVerify = 252;
    /// <summary>354: begin the content.</summary>
    public const int StartContent = 354;
    /// <summary>421: the session ends here, whatever the command was.</summary>
    public const int NotAvailable = 421;
    /// <summary>451: our own fault.</summary>
    public const int LocalError = 451;
    /// <summary>452: no room now.</summary>
    public const int InsufficientStorage = 452;
    /// <summary>500.</summary>
    public const int Unrecognized = 500;
    /// <summary>502.</summary>
    public const int NotImplemented = 502;
    /// <summary>503.</summary>
    public const int BadSequence = 503;
    /// <summary>550: refused by policy, or no such mailbox.</summary>
    public const int Refused = 550;
    /// <summary>552.</summary>
    public const int TooLarge = 552;
    /// <summary>553: the address cannot be used.</summary>
    public const int AddressRefused = 553;
    /// <summary>554.</summary>
    public const int TransactionFailed = 554;
    /// <summary>555: a parameter of MAIL or RCPT is unknown.</summary>
    public const int ParameterUnknown = 555;
}
