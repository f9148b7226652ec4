using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>What a session needs done that is not its own to do: disk, policy, the socket. Each says which outcome comes back.</summary>
public abstract record Effect
{
    private Effect() { }

    /// <summary>Ask whether new mail is taken. Comes back as <see cref="Outcome.MailVerdict"/>.</summary>
    public sealed record AdmitMail(Command.Mail Mail) : Effect;

    /// <summary>Ask whether the client may send there. Comes back as <see cref="Outcome.RecipientVerdict"/>.</summary>
    public sealed record VerifyRecipient(MailTransaction Transaction, Command.Rcpt Rcpt) : Effect;

    /// <summary>Begin a message in the spool. Comes back as <see cref="Outcome.SpoolOpened"/>.</summary>
    public sealed record OpenSpool(MailTransaction Transaction) : Effect;

    /// <summary>Take octets up to the end of data. Comes back as <see cref="Outcome.ContentReceived"/>.</summary>
    public sealed record ReceiveContent : Effect
    {
        /// <summary>The one there is.</summary>
        public static ReceiveContent Instance { get; } = new();
    }

    /// <summary>Take so many octets of content. Comes back as <see cref="Outcome.ContentReceived"/>.</summary>
    public sealed record ReceiveChunk(long Size, bool Last) : Effect;

    /// <summary>Drop what was received of the message, swallow so many octets, then send the reply: the connection stays consistent. Nothing comes back.</summary>
    public sealed record SkipChunk(long Size, Reply Reply) : Effect;

    /// <summary>Commit the message. Comes back as <see cref="Outcome.ContentStored"/>.</summary>
    public sealed record Store(MailTransaction Transaction) : Effect;

    /// <summary>Drop what was received of the message. Nothing comes back.</summary>
    public sealed record Abandon : Effect
    {
        /// <summary>The one there is.</summary>
        public static Abandon Instance { get; } = new();
    }

    /// <summary>Close the connection, dropping what was received.</summary>
    public sealed record Close : Effect
    {
        /// <summary>The one there is.</summary>
        public static Close Instance { get; } = new();
    }
}
