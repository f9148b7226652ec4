namespace MailCluster.Actors.Handover;

/// <summary>How a handover ended.</summary>
/// <param name="Handed">Messages that are a peer's now.</param>
/// <param name="Left">Messages that stay here.</param>
/// <param name="Marked">Those of them that are marked for peers that have not said whether they had them.</param>
public readonly record struct HandoverOutcome(long Handed, long Left, int Marked);
