using System.Globalization;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Replies;

/// <summary>
/// Every reply the server sends, once, with its enhanced status code (RFC 3463, RFC 2034: on all 2xx, 4xx and 5xx but the greeting and the replies
/// to HELO and EHLO). Texts are bland: they tell the client what to do, not how we are.
/// </summary>
public static class Replies
{
    /// <summary>NOOP, RSET and chunks.</summary>
    public static Reply Ok { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Ok");

    /// <summary>MAIL.</summary>
    public static Reply SenderOk { get; } = new(ReplyCode.Ok, new(2, 1, 0), "Ok");

    /// <summary>RCPT.</summary>
    public static Reply RecipientOk { get; } = new(ReplyCode.Ok, new(2, 1, 5), "Ok");

    /// <summary>DATA. No enhanced code on 3xx.</summary>
    public static Reply StartContent { get; } = new(ReplyCode.StartContent, default, "End data with <CR><LF>.<CR><LF>");

    /// <summary>The end of data, once the message is durable; the queue id follows.</summary>
    public static Reply Queued { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Ok: queued as ");

    /// <summary>HELP.</summary>
    public static Reply Help { get; } = new(ReplyCode.Help, new(2, 0, 0), "See RFC 5321");

    /// <summary>VRFY: the address is neither confirmed nor denied (RFC 5321 section 7.3).</summary>
    public static Reply CannotVerify { get; } = new(ReplyCode.CannotVerify, new(2, 0, 0), "Cannot verify, send mail and it will be attempted");

    /// <summary>QUIT.</summary>
    public static Reply Bye { get; } = new(ReplyCode.Closing, new(2, 0, 0), "Bye");

    /// <summary>EXPN and STARTTLS where it is not offered.</summary>
    public static Reply NotImplemented { get; } = new(ReplyCode.NotImplemented, new(5, 5, 1), "Command not implemented");

    /// <summary>MAIL and what follows it, before EHLO.</summary>
    public static Reply HelloFirst { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "Send EHLO first");

    /// <summary>RCPT, DATA or BDAT without MAIL.</summary>
    public static Reply MailFirst { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "Send MAIL first");

    /// <summary>MAIL in a transaction.</summary>
    public static Reply NestedMail { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "A mail transaction is already in progress");

    /// <summary>MAIL, RCPT or DATA between chunks (RFC 3030 section 2).</summary>
    public static Reply ChunkExpected { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "BDAT or RSET expected");

    /// <summary>BDAT, RCPT or DATA after a chunk was refused.</summary>
    public static Reply TransactionOver { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "The transaction has failed, send RSET");

    /// <summary>DATA or BDAT when no RCPT was accepted (RFC 5321 section 3.3).</summary>
    public static Reply NoValidRecipients { get; } = new(ReplyCode.TransactionFailed, new(5, 5, 1), "No valid recipients");

    /// <summary>RCPT past the limit (RFC 5321 section 4.5.3.1.10).</summary>
    public static Reply TooManyRecipients { get; } = new(ReplyCode.InsufficientStorage, new(4, 5, 3), "Too many recipients in this transaction");

    /// <summary>Declared or actual size over the limit (RFC 1870 section 6).</summary>
    public static Reply TooLarge { get; } = new(ReplyCode.TooLarge, new(5, 3, 4), "Message exceeds the size limit");

    /// <summary>An address needs SMTPUTF8, which was not asked for (RFC 6531 section 3.5).</summary>
    public static Reply AddressNeedsSmtpUtf8 { get; } = new(ReplyCode.AddressRefused, new(5, 6, 7), "Non-ASCII addresses need the SMTPUTF8 parameter");

    /// <summary>Neither the client nor the domain is ours.</summary>
    public static Reply RelayDenied { get; } = new(ReplyCode.Refused, new(5, 7, 1), "Relaying denied");

    /// <summary>MAIL over a connection whose PROXY header names no client.</summary>
    public static Reply NoClientAddress { get; } = new(ReplyCode.Refused, new(5, 7, 1), "No mail over a connection without the client's address");

    /// <summary>What a load balancer says to us beyond a health check.</summary>
    public static Reply ProbeOnly { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "Only EHLO, NOOP and QUIT are taken here");

    /// <summary>RCPT for a domain whose queue is full.</summary>
    public static Reply DomainClosed { get; } = new(ReplyCode.InsufficientStorage, new(4, 3, 1), "Too much mail waits for this domain, try again later");

    /// <summary>MAIL, RCPT or DATA while disk, memory or queue are full.</summary>
    public static Reply SystemFull { get; } = new(ReplyCode.InsufficientStorage, new(4, 3, 1), "Insufficient system resources, try again later");

    /// <summary>The spool cannot be written.</summary>
    public static Reply SpoolUnhealthy { get; } = new(ReplyCode.NotAvailable, new(4, 3, 0), "Mail system is not available, try again later");

    /// <summary>Not up yet, going down, or cut off from the cluster.</summary>
    public static Reply NotAvailable { get; } = new(ReplyCode.NotAvailable, new(4, 3, 2), "System is not accepting mail, try again later");

    /// <summary>More connections than the limit.</summary>
    public static Reply TooManyConnections { get; } = new(ReplyCode.NotAvailable, new(4, 3, 2), "Too many connections, try again later");

    /// <summary>More connections from one address than the limit.</summary>
    public static Reply TooManyConnectionsFromClient { get; } = new(ReplyCode.NotAvailable, new(4, 7, 0), "Too many connections from your address");

    /// <summary>A session has made too many errors.</summary>
    public static Reply TooManyErrors { get; } = new(ReplyCode.NotAvailable, new(4, 7, 0), "Too many errors");

    /// <summary>A connection has had its transactions.</summary>
    public static Reply TooManyTransactions { get; } = new(ReplyCode.NotAvailable, new(4, 7, 0), "Too many transactions on this connection, open another");

    /// <summary>The client did not go on in time.</summary>
    public static Reply TimedOut { get; } = new(ReplyCode.NotAvailable, new(4, 4, 2), "Timed out");

    /// <summary>A browser, or one who makes it talk to us.</summary>
    public static Reply NotHttp { get; } = new(ReplyCode.NotAvailable, new(4, 7, 0), "This is SMTP");

    /// <summary>An operator ended the session.</summary>
    public static Reply EndedByOperator { get; } = new(ReplyCode.NotAvailable, new(4, 3, 2), "Session ended by the operator");

    /// <summary>The message could not be stored; nothing of it is kept.</summary>
    public static Reply LocalError { get; } = new(ReplyCode.LocalError, new(4, 3, 0), "Local error in processing, try again later");

    /// <summary>A command line over the limit.</summary>
    public static Reply LineTooLong { get; } = new(ReplyCode.Unrecognized, new(5, 5, 2), "Line too long");

    /// <summary>A command line with a CR or LF of its own.</summary>
    public static Reply BadLineEnd { get; } = new(ReplyCode.Unrecognized, new(5, 5, 2), "Lines must end with CRLF");

    /// <summary>The greeting.</summary>
    public static Reply Greeting(string hostname) => new(ReplyCode.Greeting, default, $"{hostname} ESMTP MailCluster");

    /// <summary>What is said of content that cannot be accepted.</summary>
    /// <param name="fault">Not <see cref="ContentFault.None"/>.</param>
    /// <param name="lineLength">The limit of a line.</param>
    public static Reply For(ContentFault fault, int lineLength) => fault switch
    {
        ContentFault.BareCarriageReturn => new(ReplyCode.TransactionFailed, new(5, 6, 0), "Message contains CR without LF"),
        ContentFault.BareLineFeed => new(ReplyCode.TransactionFailed, new(5, 6, 0), "Message contains LF without CR"),
        ContentFault.Nul => new(ReplyCode.TransactionFailed, new(5, 6, 0), "Message contains NUL"),
        ContentFault.LineTooLong => new(ReplyCode.TransactionFailed, new(5, 6, 0), string.Create(CultureInfo.InvariantCulture, $"Message has a line over {lineLength} octets")),
        ContentFault.TooLarge => TooLarge,
        ContentFault.Loop => new(ReplyCode.TransactionFailed, new(5, 4, 6), "Too many Received fields, the message loops"),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
