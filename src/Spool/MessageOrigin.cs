namespace MailCluster.Spool;

/// <summary>How a message came to us.</summary>
/// <param name="Session">The session's id, as in its log lines; empty for reports.</param>
/// <param name="PeerAddress">The client's address, with port; empty for reports.</param>
/// <param name="ClientName">What it said in EHLO or HELO; empty for reports.</param>
/// <param name="Protocol">As after <c>with</c> in Received (RFC 3848): <c>ESMTP</c>, <c>SMTP</c>, …; <c>local</c> for reports.</param>
public sealed record MessageOrigin(string Session, string PeerAddress, string ClientName, string Protocol);
