namespace MailCluster.Node.Sink;

/// <summary>Where in the dialogue something may go wrong.</summary>
internal enum SinkStep : byte
{
    /// <summary>The greeting.</summary>
    Connect,
    /// <summary>EHLO.</summary>
    Ehlo,
    /// <summary>HELO.</summary>
    Helo,
    /// <summary>MAIL.</summary>
    Mail,
    /// <summary>RCPT.</summary>
    Rcpt,
    /// <summary>DATA, and BDAT chunks before the last.</summary>
    Data,
    /// <summary>The end of data, and the last BDAT chunk.</summary>
    Dot,
    /// <summary>RSET.</summary>
    Rset,
    /// <summary>QUIT.</summary>
    Quit,
}
