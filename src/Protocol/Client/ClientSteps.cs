namespace MailCluster.Protocol.Client;

/// <summary>The words for a <see cref="ClientStep"/>.</summary>
public static class ClientSteps
{
    extension(ClientStep step)
    {
        /// <summary>Finishes "timed out while …" and "lost connection while …".</summary>
        public string Phrase => step switch
        {
            ClientStep.Connect => "connecting",
            ClientStep.Greeting => "waiting for the greeting",
            ClientStep.Hello => "waiting for the reply to EHLO",
            ClientStep.StartTls => "waiting for the reply to STARTTLS",
            ClientStep.Handshake => "performing the TLS handshake",
            ClientStep.Mail => "waiting for the reply to MAIL",
            ClientStep.Rcpt => "waiting for the reply to RCPT",
            ClientStep.Data => "waiting for the reply to DATA",
            ClientStep.Content => "sending the content",
            ClientStep.EndOfData => "waiting for the reply to the end of data; message may be delivered twice",
            ClientStep.Rset => "waiting for the reply to RSET",
            _ => "waiting for work",
        };
    }
}
