using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>What came of effects.</summary>
public static class Outcome
{
    /// <summary>Of <see cref="Effect.AdmitMail"/>.</summary>
    /// <param name="Mail">The command asked about.</param>
    /// <param name="Refusal">Null where mail is taken.</param>
    public readonly record struct MailVerdict(Command.Mail Mail, Reply? Refusal);

    /// <summary>Of <see cref="Effect.VerifyRecipient"/>.</summary>
    /// <param name="Rcpt">The command asked about, its forward-path completed with a domain.</param>
    /// <param name="Refusal">Null where the recipient is accepted.</param>
    public readonly record struct RecipientVerdict(Command.Rcpt Rcpt, Reply? Refusal);

    /// <summary>Of <see cref="Effect.OpenSpool"/>.</summary>
    /// <param name="Refusal">Null where there is room.</param>
    public readonly record struct SpoolOpened(Reply? Refusal);

    /// <summary>Of <see cref="Effect.ReceiveContent"/> and <see cref="Effect.ReceiveChunk"/>.</summary>
    /// <param name="Fault">The first one met.</param>
    public readonly record struct ContentReceived(ContentFault Fault);

    /// <summary>Of <see cref="Effect.Store"/>.</summary>
    /// <param name="QueueId">The message's name; null where it was not stored.</param>
    /// <param name="Refusal">Why it was not.</param>
    public readonly record struct ContentStored(string? QueueId, Reply? Refusal);
}
