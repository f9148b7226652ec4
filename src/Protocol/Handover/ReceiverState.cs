using MailCluster.Protocol.Replies;
using static MailCluster.Protocol.Handover.HandoverReplies;

namespace MailCluster.Protocol.Handover;

/// <summary>Where a receiver's session stands. A state holds the data that exists in it, and no other.</summary>
/// <remarks>
/// <code>
/// Connected ─EHLO─► Introduced ─XTICKET─► Checking ─► Ready ─MAIL─► Admitting ─250─► AwaitingState ─BDAT─► ReadingState ─► AwaitingContent ─BDAT LAST─► Storing
///                                                      ▲               │                                        │                                         │
///                                                      │               └─251, 4xx, 5xx─► Passing ◄── unreadable ┘                                         │
///                                                      └──── BDAT LAST, RSET ───────────────┘  ◄──────────────────────────── stored, or not ──────────────┘
/// </code>
/// MAIL leads from Passing as from Linked: a donor that waits for the reply to MAIL sends no chunk after a refusal. QUIT leads to Closed from everywhere.
/// </remarks>
public abstract record ReceiverState
{
    private ReceiverState() { }

    /// <summary>Greeted.</summary>
    public sealed record Connected(string Hostname) : ReceiverState;

    /// <summary>It speaks the extension; whether it is a member is not known.</summary>
    public sealed record Introduced : ReceiverState;

    /// <summary>Its ticket is looked at.</summary>
    public sealed record Checking : ReceiverState;

    /// <summary>Between messages.</summary>
    public sealed record Ready : ReceiverState;

    /// <summary>The spool is asked.</summary>
    public sealed record Admitting(HandedMessage Message) : ReceiverState;

    /// <summary>The chunk with the state comes next.</summary>
    public sealed record AwaitingState(HandedMessage Message) : ReceiverState;

    /// <summary>It is coming.</summary>
    public sealed record ReadingState(HandedMessage Message) : ReceiverState;

    /// <summary>The chunk with the content comes next.</summary>
    public sealed record AwaitingContent(HandedMessage Message) : ReceiverState;

    /// <summary>It is coming, or on its way to the disk.</summary>
    public sealed record Storing(HandedMessage Message) : ReceiverState;

    /// <summary>The message is had or refused: its chunks are passed over, each with this reply, until the last.</summary>
    public sealed record Passing(Reply Reply) : ReceiverState;

    /// <summary>Over.</summary>
    public sealed record Closed : ReceiverState;

    /// <summary>Finishes "timed out while …".</summary>
    public string Phrase => this switch
    {
        Connected => "waiting for EHLO",
        Introduced => "waiting for XTICKET",
        Checking => "checking the ticket",
        Ready => "waiting for a command",
        Admitting => "waiting for room in the spool",
        AwaitingState or ReadingState => "receiving the state of a message",
        AwaitingContent => "waiting for the content of a message",
        Storing => "receiving or storing the content of a message",
        Passing => "passing over a message",
        _ => "closing",
    };

    /// <summary>True from XTICKET on: whoever speaks is a member.</summary>
    public bool IsMember => this is not (Connected or Introduced or Checking or Closed);

    /// <summary>Decides one line.</summary>
    public ReceiverTransition On(HandoverCommand command) => (this, command) switch
    {
        (_, HandoverCommand.Quit) => new(new Closed(), Replies.Replies.Bye, Drop()),
        (_, HandoverCommand.Noop) => Stay(Replies.Replies.Ok),
        (Connected or Introduced, HandoverCommand.Refused refused) => new(new Closed(), refused.Reply),     // no node of ours
        (_, HandoverCommand.Refused refused) => Stay(refused.Reply),
        (Connected connected, HandoverCommand.Ehlo) => new(new Introduced(), Hello(connected.Hostname)),
        (Introduced, HandoverCommand.Ticket ticket) => new(new Checking(), null, new ReceiverEffect.CheckTicket(ticket)),
        (Connected or Introduced, HandoverCommand.Chunk) => new(new Closed(), TicketFirst),      // its octets would be read as commands
        (Connected or Introduced, _) => Stay(TicketFirst),
        (_, HandoverCommand.Rset) => new(new Ready(), Replies.Replies.Ok, Drop()),
        (Ready or Passing, HandoverCommand.Mail mail) => new(new Admitting(mail.Message), null, new ReceiverEffect.Admit(mail.Message)),
        (Ready, HandoverCommand.Had had) => Stay(null, new ReceiverEffect.Answer(had)),
        (Ready, HandoverCommand.Forget) => Stay(null, new ReceiverEffect.Forget()),
        (AwaitingState state, HandoverCommand.Chunk { Last: false } chunk) when chunk.Size == state.Message.StateSize
            => new(new ReadingState(state.Message), null, new ReceiverEffect.ReadState(state.Message)),
        (AwaitingContent content, HandoverCommand.Chunk { Last: true } chunk) when chunk.Size == content.Message.ContentSize
            => new(new Storing(content.Message), null, new ReceiverEffect.Store(content.Message)),
        (Passing passing, HandoverCommand.Chunk chunk) => new(chunk.Last ? new Ready() : this, null, new ReceiverEffect.Skip(chunk.Size, passing.Reply)),
        (_, HandoverCommand.Chunk) => new(new Closed(), ChunkUnexpected, Drop()),
        _ => Stay(BadSequence),
    };

    /// <summary>The ticket has been looked at. Who is no member is sent away.</summary>
    public ReceiverTransition On(in TicketVerdict verdict) => (this, verdict.Refusal) switch
    {
        (Checking, null) => new(new Ready(), Welcome(verdict.Spool)),
        (Checking, { } refusal) => new(new Closed(), refusal),
        _ => throw new InvalidOperationException($"No ticket was looked at while {Phrase}."),
    };

    /// <summary>The spool has answered.</summary>
    public ReceiverTransition On(in MailVerdict verdict) => verdict.Reply.Code switch
    {
        ReplyCode.Ok => new(new AwaitingState(((Admitting)this).Message), verdict.Reply),
        HadCode => new(new Passing(HandoverReplies.Had), verdict.Reply),
        ReplyCode.NotAvailable => new(new Closed(), verdict.Reply),
        _ => new(new Passing(ChunkUnexpected), verdict.Reply),
    };

    /// <summary>A chunk has been read, or the message stored.</summary>
    public ReceiverTransition On(in Stored stored) => (this, stored.Refusal) switch
    {
        (ReadingState reading, null) => new(new AwaitingContent(reading.Message), StateRead),
        (ReadingState, { } refusal) => new(new Passing(ChunkUnexpected), refusal, new ReceiverEffect.Abandon()),
        (Storing, null) => new(new Ready(), Taken),
        (Storing, { } refusal) => new(new Ready(), refusal),
        _ => throw new InvalidOperationException($"Nothing was to be stored while {Phrase}."),
    };

    private ReceiverEffect.Abandon? Drop() => this is AwaitingState or AwaitingContent ? new() : null;

    private ReceiverTransition Stay(Reply? reply, ReceiverEffect? effect = null) => new(this, reply, effect);
}
