using System.Collections.Immutable;
using System.Globalization;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>What a receiver of queued mail answers.</summary>
public static class HandoverReplies
{
    /// <summary>MAIL: had already.</summary>
    public const int HadCode = 251;

    /// <summary>MAIL: not this message now. Says nothing of others, as 451 and 452 do.</summary>
    public const int BusyCode = 450;

    /// <summary>XHAD: never.</summary>
    public const int NeverCode = 550;

    /// <summary>MAIL: send it.</summary>
    public static Reply Send { get; } = new(ReplyCode.Ok, new(2, 1, 0), "Ok");

    /// <summary>MAIL: it has been taken before. Its content need not be sent.</summary>
    public static Reply HadAlready { get; } = new(HadCode, new(2, 1, 0), "Had");

    /// <summary>A chunk with the state.</summary>
    public static Reply StateRead { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Ok");

    /// <summary>The last chunk: on stable storage here.</summary>
    public static Reply Taken { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Taken");

    /// <summary>XHAD: yes.</summary>
    public static Reply Had { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Had");

    /// <summary>XHAD: no, and it will not be.</summary>
    public static Reply Never { get; } = new(NeverCode, new(5, 1, 1), "Never had");

    /// <summary>XHAD: nothing is known now.</summary>
    public static Reply NotKnown { get; } = new(450, new(4, 3, 0), "Cannot be said now");

    /// <summary>XFORGET.</summary>
    public static Reply Forgotten { get; } = new(ReplyCode.Ok, new(2, 0, 0), "Forgotten");

    /// <summary>A verb that does not belong here: whoever speaks is no node of a cluster.</summary>
    public static Reply Unknown { get; } = new(ReplyCode.Unrecognized, new(5, 5, 1), "Unknown command");

    /// <summary>A verb of ours with arguments that are not.</summary>
    public static Reply Syntax { get; } = new(501, new(5, 5, 4), "Syntax error");

    /// <summary>XTICKET with a ticket that was not given out, or not by this process.</summary>
    public static Reply NoMember { get; } = new(535, new(5, 7, 8), "Not a member of this cluster");

    /// <summary>A command out of its turn.</summary>
    public static Reply BadSequence { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "Bad sequence of commands");

    /// <summary>A command before XTICKET.</summary>
    public static Reply TicketFirst { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "Send XTICKET first");

    /// <summary>MAIL, while the same handover is being received over another connection, or a message of this name is still here.</summary>
    public static Reply Busy { get; } = new(BusyCode, new(4, 3, 0), "A message of this name is here");

    /// <summary>MAIL, for a handover that the donor has been told never to have arrived.</summary>
    public static Reply Void { get; } = new(ReplyCode.TransactionFailed, new(5, 5, 1), "This handover was given up");

    /// <summary>A chunk that is not what MAIL announced, or that comes without it.</summary>
    public static Reply ChunkUnexpected { get; } = new(ReplyCode.BadSequence, new(5, 5, 1), "No such chunk expected");

    /// <summary>The state cannot be read: it was damaged, or a newer release wrote it.</summary>
    public static Reply StateUnreadable { get; } = new(ReplyCode.TransactionFailed, new(5, 6, 0), "Envelope and state cannot be read");

    /// <summary>EHLO.</summary>
    public static Reply Hello(string hostname) => new(ReplyCode.Ok, default,
        (ImmutableArray<string>)[hostname, "PIPELINING", "CHUNKING", string.Create(CultureInfo.InvariantCulture, $"{HandoverLimits.Keyword} {HandoverLimits.Version}")]);

    /// <summary>XTICKET: whose mail it goes to.</summary>
    public static Reply Welcome(ulong spool) => new(ReplyCode.Ok, new(2, 0, 0), string.Create(CultureInfo.InvariantCulture, $"{spool:x16}"));
}
