namespace MailCluster.Protocol.Client;

/// <summary>How the content goes over.</summary>
public enum ContentTransfer : byte
{
    /// <summary>DATA: after a 354, dots stuffed, ended by CRLF.CRLF.</summary>
    Data,
    /// <summary>BDAT in one last chunk: counted, octet for octet (RFC 3030).</summary>
    Bdat,
}
