namespace MailCluster.Protocol.Handover;

/// <summary>What bounds a handover's dialogue.</summary>
public static class HandoverLimits
{
    /// <summary>The version of the extension, behind its keyword in the reply to EHLO. A donor gives nothing to a receiver that does not name it.</summary>
    public const int Version = 1;

    /// <summary>The keyword of the extension.</summary>
    public const string Keyword = "XMAILCLUSTER";

    /// <summary>Octets of envelope and state at most: those of 100,000 recipients with their last replies fit.</summary>
    public const int StateSize = 256 << 20;

    /// <summary>Octets of a queue id at most.</summary>
    public const int IdLength = 33;
}
