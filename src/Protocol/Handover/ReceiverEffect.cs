using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>What a receiver's session needs done. Each says which outcome comes back; until then no command is taken.</summary>
public abstract record ReceiverEffect
{
    private ReceiverEffect() { }

    /// <summary>Check the ticket. Comes back as <see cref="ReceiverState.On(in TicketVerdict)"/>.</summary>
    public sealed record CheckTicket(HandoverCommand.Ticket Ticket) : ReceiverEffect;

    /// <summary>Ask the spool for room. Comes back as <see cref="ReceiverState.On(in MailVerdict)"/>.</summary>
    public sealed record Admit(HandedMessage Message) : ReceiverEffect;

    /// <summary>Take so many octets of state. Comes back as <see cref="ReceiverState.On(in Stored)"/>.</summary>
    public sealed record ReadState(HandedMessage Message) : ReceiverEffect;

    /// <summary>Take so many octets of content and commit. Comes back as <see cref="ReceiverState.On(in Stored)"/>.</summary>
    public sealed record Store(HandedMessage Message) : ReceiverEffect;

    /// <summary>Swallow so many octets, then send the reply.</summary>
    public sealed record Skip(long Size, Reply Reply) : ReceiverEffect;

    /// <summary>Drop what was received of the message.</summary>
    public sealed record Abandon : ReceiverEffect;

    /// <summary>Look an id up; send <see cref="HandoverReplies.Had"/>, <see cref="HandoverReplies.Never"/> or <see cref="HandoverReplies.NotKnown"/>.</summary>
    public sealed record Answer(HandoverCommand.Had Question) : ReceiverEffect;

    /// <summary>Forget what was received of the donor; send <see cref="HandoverReplies.Forgotten"/>.</summary>
    public sealed record Forget : ReceiverEffect;
}
