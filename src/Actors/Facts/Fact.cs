namespace MailCluster.Actors.Facts;

/// <summary>What a sharded actor has learned and its successor should know. Goes out with its answers; the nodes keep the newest and tell it to a new incarnation.</summary>
/// <param name="Version">Microseconds of the wall clock where it was learned, but above every version the actor had heard: the highest counts.</param>
/// <param name="Expires">From then on it is worth nothing.</param>
/// <param name="Value">What the kind makes of it; empty for the word that what was said before holds no longer.</param>
public sealed record Fact(long Version, DateTimeOffset Expires, string Value);
