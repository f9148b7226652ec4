using System.Globalization;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>What a listener's sessions go by, and the replies that follow from it, made once.</summary>
public sealed class SessionRules
{
    /// <summary>Makes them.</summary>
    /// <param name="hostname">Our name.</param>
    /// <param name="messageSize">Octets of a message, at most.</param>
    /// <param name="recipients">Recipients of a transaction, at most.</param>
    /// <param name="transactions">Transactions of a connection, at most.</param>
    /// <param name="errors">Refused commands, at which a session is ended.</param>
    /// <param name="lineLength">Octets of a line of content, at most.</param>
    public SessionRules(string hostname, long messageSize, int recipients, int transactions, int errors, int lineLength)
    {
        Hostname = hostname;
        MessageSize = messageSize;
        Recipients = recipients;
        Transactions = transactions;
        Errors = errors;
        LineLength = lineLength;
        Greeting = Replies.Replies.Greeting(hostname);
        Helo = new(ReplyCode.Ok, default, hostname);
        Ehlo = new(ReplyCode.Ok, default,
        [
            hostname,
            "PIPELINING",
            string.Create(CultureInfo.InvariantCulture, $"SIZE {messageSize}"),
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "DSN",
            "ENHANCEDSTATUSCODES",
            string.Create(CultureInfo.InvariantCulture, $"LIMITS RCPTMAX={recipients} MAILMAX={transactions}"),
            "HELP",
        ]);
    }

    /// <summary>Our name.</summary>
    public string Hostname { get; }

    /// <summary>Octets of a message, at most (RFC 1870).</summary>
    public long MessageSize { get; }

    /// <summary>Recipients of a transaction, at most (RFC 9422: RCPTMAX).</summary>
    public int Recipients { get; }

    /// <summary>Transactions of a connection, at most (RFC 9422: MAILMAX).</summary>
    public int Transactions { get; }

    /// <summary>Refused commands since the last accepted message, at which the session is ended.</summary>
    public int Errors { get; }

    /// <summary>Octets of a line of content without CRLF, at most.</summary>
    public int LineLength { get; }

    /// <summary>The greeting.</summary>
    public Reply Greeting { get; }

    /// <summary>The reply to HELO.</summary>
    public Reply Helo { get; }

    /// <summary>The reply to EHLO.</summary>
    public Reply Ehlo { get; }
}
