using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>What a donor says to a receiver of queued mail: SMTP with a private extension, <c>XMAILCLUSTER</c>.</summary>
public abstract record HandoverCommand
{
    private HandoverCommand() { }

    /// <summary><c>EHLO name</c>.</summary>
    public sealed record Ehlo(string Client) : HandoverCommand;

    /// <summary><c>XTICKET ticket donor</c>: shows that the donor is a member. Answered by <c>250 2.0.0 spool</c>, the id of the receiver's spool.</summary>
    /// <param name="Text">What the receiver gave the donor through the cluster.</param>
    /// <param name="Donor">The id of the donor's spool.</param>
    public sealed record Ticket(string Text, ulong Donor) : HandoverCommand;

    /// <summary><c>MAIL FROM:&lt;&gt; SIZE=content XQUEUEID=id XMARK=number XSTATE=octets</c>. 250: send it. 251: had, nothing need be sent; chunks are passed over and answered 250. 4xx and 5xx: not
    /// taken, and not here by this handover.</summary>
    public sealed record Mail(HandedMessage Message) : HandoverCommand;

    /// <summary><c>BDAT octets [LAST]</c> (RFC 3030): first one chunk with envelope and state, then one, the last, with the content. The reply to the last permits the donor to end the message.</summary>
    public sealed record Chunk(long Size, bool Last) : HandoverCommand;

    /// <summary><c>XHAD id mark</c>: has this handover been received? 250 yes; 550 never, and it never will be, however late the rest of it comes; 450 it cannot be said now.</summary>
    public sealed record Had(string Id, int Mark) : HandoverCommand;

    /// <summary><c>XFORGET</c>: no message of this donor is marked for this receiver any more, so that none will be asked about.</summary>
    public sealed record Forget : HandoverCommand;

    /// <summary><c>RSET</c>.</summary>
    public sealed record Rset : HandoverCommand;

    /// <summary><c>NOOP</c>.</summary>
    public sealed record Noop : HandoverCommand;

    /// <summary><c>QUIT</c>.</summary>
    public sealed record Quit : HandoverCommand;

    /// <summary>A line that is none of these.</summary>
    public sealed record Refused(Reply Reply) : HandoverCommand;
}
