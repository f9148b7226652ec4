namespace MailCluster.Protocol.Client;

/// <summary>How a connection stands to TLS.</summary>
public enum TlsUse : byte
{
    /// <summary>Used where the host offers it (RFC 3207; certificates are not verified).</summary>
    Opportunistic,
    /// <summary>Not asked for: a handshake with this host has failed before.</summary>
    Refrain,
    /// <summary>The connection is encrypted.</summary>
    Established,
}
