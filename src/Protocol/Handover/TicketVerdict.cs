using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>Whether a ticket is one that this receiver gave out.</summary>
/// <param name="Spool">The id of the receiver's spool: who it is, whatever its address.</param>
/// <param name="Refusal">Null where it is.</param>
public readonly record struct TicketVerdict(ulong Spool, Reply? Refusal);
