using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Server;

/// <summary>
/// One MAIL and the recipients accepted since. It belongs to the state that holds it and grows with it: a list copied for every RCPT would make a
/// transaction of 50,000 recipients quadratic.
/// </summary>
/// <param name="peer">The client.</param>
/// <param name="mail">The MAIL command.</param>
public sealed class MailTransaction(Peer peer, Command.Mail mail)
{
    private readonly List<Command.Rcpt> _recipients = new(1);

    /// <summary>The client.</summary>
    public Peer Peer { get; } = peer;

    /// <summary>The reverse-path and its parameters.</summary>
    public Command.Mail Mail { get; } = mail;

    /// <summary>What was accepted, in order, repetitions included.</summary>
    public IReadOnlyList<Command.Rcpt> Recipients => _recipients;

    /// <summary>How many were accepted.</summary>
    public int Count => _recipients.Count;

    /// <summary>What stands after <c>with</c> in Received (RFC 3848, RFC 6531 section 4.3).</summary>
    public string Protocol => (Peer.IsExtended, Mail.Parameters.SmtpUtf8) switch
    {
        (_, true) => "UTF8SMTP",
        (true, _) => "ESMTP",
        _ => "SMTP",
    };

    internal void Add(Command.Rcpt recipient) => _recipients.Add(recipient);
}
