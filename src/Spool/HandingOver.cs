namespace MailCluster.Spool;

/// <summary>A message that is marked as handing over: it is not delivered here before the receiver has said whether it had it.</summary>
/// <param name="Id">The handover.</param>
/// <param name="Receiver">Who gets it, by a name that stays the same over restarts; up to <see cref="Spool.LongestReceiver"/> octets.</param>
public readonly record struct HandingOver(HandoverId Id, string Receiver);
