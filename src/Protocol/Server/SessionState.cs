using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using static MailCluster.Protocol.Replies.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>Where a server session stands. A state holds the data that exists in it, and no other.</summary>
/// <remarks>
/// <code>
/// Connected ─EHLO─► Ready ─MAIL─► Transaction ─DATA─► OpeningSpool ─► ReceivingContent ─end─► Storing ─► Ready
///                     ▲              │ RCPT │                 │                ▲
///                     │              └──────┘               BDAT               │ LAST
///                     │                                       ▼                │
///                     └─── RSET, MAIL ── ChunksRefused ◄── ReceivingChunk ◄──► BetweenChunks
/// </code>
/// RSET, EHLO and HELO lead to Ready from wherever commands are taken, QUIT to Closed. While an effect is under way no command is taken.
/// Probe stands apart: it leads to Closed and nowhere else.
/// </remarks>
public abstract record SessionState
{
    private SessionState() { }

    /// <summary>Greeted; the client has not said who it is.</summary>
    public sealed record Connected : SessionState;

    /// <summary>
    /// The load balancer itself is there, to see whether we answer: its PROXY header names no client. It may say EHLO, HELO, NOOP and QUIT, and there is no way
    /// from here to a transaction: who sends mail is told by the client's address, and there is none.
    /// </summary>
    public sealed record Probe : SessionState;

    /// <summary>Between transactions.</summary>
    public sealed record Ready(Peer Peer) : SessionState;

    /// <summary>Between MAIL and DATA or BDAT.</summary>
    public sealed record Transaction(MailTransaction Mail) : SessionState;

    /// <summary>The spool is asked for a writer. <paramref name="Chunk"/> is the BDAT that began it; null for DATA.</summary>
    public sealed record OpeningSpool(MailTransaction Mail, Command.Bdat? Chunk) : SessionState;

    /// <summary>Octets after DATA are taken.</summary>
    public sealed record ReceivingContent(MailTransaction Mail) : SessionState;

    /// <summary>Octets after BDAT are taken. <paramref name="Received"/> is what chunks brought before.</summary>
    public sealed record ReceivingChunk(MailTransaction Mail, long Received, Command.Bdat Chunk) : SessionState;

    /// <summary>A chunk was taken, and it was not the last.</summary>
    public sealed record BetweenChunks(MailTransaction Mail, long Received) : SessionState;

    /// <summary>The message is on its way to the disk.</summary>
    public sealed record Storing(MailTransaction Mail) : SessionState;

    /// <summary>A chunk was refused: what was pipelined behind it is refused too, until RSET or MAIL (RFC 3030 section 2).</summary>
    public sealed record ChunksRefused(Peer Peer) : SessionState;

    /// <summary>Over.</summary>
    public sealed record Closed : SessionState;

    /// <summary>True from DATA or BDAT to the reply: a drain lets it end.</summary>
    public bool HoldsContent => this is OpeningSpool or ReceivingContent or ReceivingChunk or BetweenChunks or Storing;

    /// <summary>Finishes "timed out while …".</summary>
    public string Phrase => this switch
    {
        Connected => "waiting for EHLO",
        Probe => "answering the load balancer",
        Ready => "waiting for a command",
        Transaction { Mail.Count: 0 } => "waiting for RCPT",
        Transaction => "waiting for RCPT or DATA",
        OpeningSpool => "waiting for room in the spool",
        ReceivingContent => "receiving content",
        ReceivingChunk => "receiving a chunk",
        BetweenChunks => "waiting for the next chunk",
        Storing => "storing the message",
        ChunksRefused => "waiting for RSET after a refused chunk",
        _ => "closing",
    };

    /// <summary>The transaction that is under way; null where there is none.</summary>
    public MailTransaction? CurrentMail => this switch
    {
        Transaction transaction => transaction.Mail,
        OpeningSpool opening => opening.Mail,
        ReceivingContent content => content.Mail,
        ReceivingChunk chunk => chunk.Mail,
        BetweenChunks chunks => chunks.Mail,
        Storing storing => storing.Mail,
        _ => null,
    };

    /// <summary>The client, once it has said who it is.</summary>
    public Peer? Client => this switch
    {
        Ready ready => ready.Peer,
        ChunksRefused refused => refused.Peer,
        _ => CurrentMail?.Peer,
    };

    /// <summary>Decides one command. What needs disk, policy or the socket leaves as an <see cref="Effect"/>.</summary>
    public Transition On(Command command, SessionRules rules) => (this, command) switch
    {
        (_, Command.Quit) => new(new Closed(), Bye, Effect.Close.Instance),
        // A browser can be made to send a request whose body holds SMTP commands: nothing of it is looked at.
        (_, Command.Refused { IsHttpRequest: true }) => End(NotHttp),
        (_, Command.Refused refused) => Stay(refused.Reply),
        // What follows cannot be told from commands any more.
        (_, Command.UnreadableBdat unreadable) => new(new Closed(), unreadable.Reply, Effect.Close.Instance),
        (_, Command.Noop) => Stay(Ok),
        (Probe, Command.Ehlo) => Stay(rules.Ehlo),
        (Probe, Command.Helo) => Stay(rules.Helo),
        // As RFC 5321 3.1 has it after a 554 greeting, where there is no mail service either: 503 to whatever is said. MAIL, which a client might say whose
        // balancer does not name it, is refused with the reason.
        (Probe, Command.Mail) => Stay(NoClientAddress),
        (Probe, Command.Bdat chunk) => Stay(null, new Effect.SkipChunk(chunk.Size, ProbeOnly)),
        (Probe, _) => Stay(ProbeOnly),
        (_, Command.Help) => Stay(Help),
        (_, Command.Vrfy) => Stay(CannotVerify),
        (_, Command.Expn or Command.StartTls) => Stay(NotImplemented),
        // RFC 5321 4.1.4: EHLO and HELO are also a reset.
        (_, Command.Ehlo ehlo) => Reset(new(ehlo.Client, true), rules.Ehlo),
        (_, Command.Helo helo) => Reset(new(helo.Client, false), rules.Helo),
        (Connected, Command.Rset) => Stay(Ok),
        (_, Command.Rset) => Reset(Client!, Ok),

        (Ready or ChunksRefused, Command.Mail mail) => OnMail(mail, rules),
        (Transaction, Command.Mail) => Stay(NestedMail),

        // RFC 5321 4.5.3.1.10: 452, and what was accepted so far stands.
        (Transaction tx, Command.Rcpt) when tx.Mail.Count >= rules.Recipients => Stay(TooManyRecipients),
        (Transaction { Mail.Mail.Parameters.SmtpUtf8: false }, Command.Rcpt { ForwardPath.NeedsSmtpUtf8: true }) => Stay(AddressNeedsSmtpUtf8),
        (Transaction tx, Command.Rcpt rcpt) => Stay(null, new Effect.VerifyRecipient(tx.Mail, rcpt)),

        (Transaction { Mail.Count: 0 }, Command.Data) => Stay(NoValidRecipients),
        (Transaction tx, Command.Data) => new(new OpeningSpool(tx.Mail, null), null, new Effect.OpenSpool(tx.Mail)),

        // RFC 3030 2: the octets of a refused chunk come all the same, and are swallowed.
        (Transaction { Mail.Count: 0 } tx, Command.Bdat chunk) => RefuseChunk(tx.Mail.Peer, chunk, NoValidRecipients),
        (Transaction tx, Command.Bdat chunk) when chunk.Size > rules.MessageSize => RefuseChunk(tx.Mail.Peer, chunk, TooLarge),
        (Transaction tx, Command.Bdat chunk) => new(new OpeningSpool(tx.Mail, chunk), null, new Effect.OpenSpool(tx.Mail)),
        (BetweenChunks so, Command.Bdat chunk) when chunk.Size > rules.MessageSize - so.Received => RefuseChunk(so.Mail.Peer, chunk, TooLarge),
        (BetweenChunks so, Command.Bdat chunk) => Receive(so.Mail, so.Received, chunk),
        (BetweenChunks, _) => Stay(ChunkExpected),
        (ChunksRefused, Command.Bdat chunk) => Stay(null, new Effect.SkipChunk(chunk.Size, TransactionOver)),
        (ChunksRefused, _) => Stay(TransactionOver),
        (Connected, Command.Bdat chunk) => Stay(null, new Effect.SkipChunk(chunk.Size, HelloFirst)),
        (_, Command.Bdat chunk) => Stay(null, new Effect.SkipChunk(chunk.Size, MailFirst)),

        (Connected, _) => Stay(HelloFirst),
        _ => Stay(MailFirst),
    };

    /// <summary>New mail is taken, or not.</summary>
    public Transition On(in Outcome.MailVerdict verdict) => (this, verdict.Refusal) switch
    {
        (Ready or ChunksRefused, null) => new(new Transaction(new(Client!, verdict.Mail)), SenderOk),
        (Ready or ChunksRefused, { } refusal) => Refuse(this, refusal),
        _ => throw Unexpected(),
    };

    /// <summary>The recipient is accepted, or not.</summary>
    public Transition On(in Outcome.RecipientVerdict verdict)
    {
        if (this is not Transaction transaction)
        {
            throw Unexpected();
        }
        if (verdict.Refusal is { } refusal)
        {
            return Refuse(this, refusal);
        }
        transaction.Mail.Add(verdict.Rcpt);
        return Stay(RecipientOk);
    }

    /// <summary>There is room in the spool, or not.</summary>
    public Transition On(in Outcome.SpoolOpened opened) => (this, opened.Refusal) switch
    {
        (OpeningSpool { Chunk: null } opening, null) => new(new ReceivingContent(opening.Mail), StartContent, Effect.ReceiveContent.Instance),
        (OpeningSpool { Chunk: { } chunk } opening, null) => Receive(opening.Mail, 0, chunk),
        (OpeningSpool { Chunk: null } opening, { } refusal) => Refuse(new Ready(opening.Mail.Peer), refusal),
        (OpeningSpool { Chunk: { } chunk } opening, { } refusal) => RefuseChunk(opening.Mail.Peer, chunk, refusal),
        _ => throw Unexpected(),
    };

    /// <summary>The end of data, or of a chunk, was reached.</summary>
    public Transition On(in Outcome.ContentReceived received, SessionRules rules) => (this, received.Fault) switch
    {
        (ReceivingContent content, ContentFault.None) => Store(content.Mail),
        (ReceivingContent content, var fault) => new(new Ready(content.Mail.Peer), For(fault, rules.LineLength), Effect.Abandon.Instance),
        (ReceivingChunk { Chunk.Last: true } content, ContentFault.None) => Store(content.Mail),
        (ReceivingChunk content, ContentFault.None) => new(new BetweenChunks(content.Mail, content.Received + content.Chunk.Size), Ok),
        (ReceivingChunk content, var fault) => new(new ChunksRefused(content.Mail.Peer), For(fault, rules.LineLength), Effect.Abandon.Instance),
        _ => throw Unexpected(),
    };

    /// <summary>The message is durable, or nothing of it is kept.</summary>
    public Transition On(in Outcome.ContentStored stored) => (this, stored.Refusal) switch
    {
        (Storing storing, null) => new(new Ready(storing.Mail.Peer), Queued) { QueueId = stored.QueueId },
        (Storing storing, { } refusal) => Refuse(new Ready(storing.Mail.Peer), refusal),
        _ => throw Unexpected(),
    };

    /// <summary>Ends the session with a 421, from any state.</summary>
    public static Transition End(Reply reply) => new(new Closed(), reply, Effect.Close.Instance);

    // RFC 5321 3.8: after 421 we close.
    private static Transition Refuse(SessionState next, Reply refusal) => refusal.Code == ReplyCode.NotAvailable ? End(refusal) : new(next, refusal);

    private static Transition RefuseChunk(Peer peer, Command.Bdat chunk, Reply reply) =>
        reply.Code == ReplyCode.NotAvailable ? End(reply) : new(new ChunksRefused(peer), null, new Effect.SkipChunk(chunk.Size, reply));

    private static Transition Receive(MailTransaction mail, long received, Command.Bdat chunk) =>
        new(new ReceivingChunk(mail, received, chunk), null, new Effect.ReceiveChunk(chunk.Size, chunk.Last));

    private static Transition Store(MailTransaction mail) => new(new Storing(mail), null, new Effect.Store(mail));

    private Transition OnMail(Command.Mail mail, SessionRules rules) => mail switch
    {
        { Parameters.SmtpUtf8: false, ReversePath.NeedsSmtpUtf8: true } => Stay(AddressNeedsSmtpUtf8),
        // RFC 1870 6.1: refused before a single octet has been sent.
        { Parameters.Size: { } size } when size > rules.MessageSize => Stay(TooLarge),
        _ => Stay(null, new Effect.AdmitMail(mail)),
    };

    private Transition Reset(Peer peer, Reply reply) => new(new Ready(peer), reply, this is BetweenChunks ? Effect.Abandon.Instance : null);

    private Transition Stay(Reply? reply, Effect? effect = null) => new(this, reply, effect);

    private InvalidOperationException Unexpected() => new($"An outcome that belongs to no effect came while {Phrase}.");
}
