namespace MailCluster.Protocol.Failures;

/// <summary>How much one failed delivery attempt condemns, narrowest first.</summary>
public enum FailureScope : byte
{
    /// <summary>One forward-path: RCPT was refused.</summary>
    Recipient,
    /// <summary>The mail transaction: MAIL, DATA or the end of data was refused.</summary>
    Transaction,
    /// <summary>This host: connection, greeting, EHLO or TLS failed. The next mail exchanger may do.</summary>
    Host,
    /// <summary>The destination: no mail exchanger is left to try. Throttle it.</summary>
    Destination,
}
