namespace MailCluster.Actors.Sites;

/// <summary>What a node tells a new incarnation of its lease.</summary>
/// <param name="Connections">Leased connections; 0 where there is no lease, or it was given back or taken away.</param>
/// <param name="Remaining">How long it may still be in force; negative: for so long it has run out, which counts for nothing but shows what the node had when its granter went.</param>
/// <param name="Granter">The incarnation of the node that granted it, where no other granter has asked here since; 0 where one has: then what this one granted may be somebody else's now. 0 too where the
/// node's clocks differ on when the lease ends: one of them stood still or was set.</param>
public readonly record struct HeldLease(int Connections, TimeSpan Remaining, int Granter);
