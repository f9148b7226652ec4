using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Notifications;

/// <summary>One recipient of a report, and the last word on it.</summary>
/// <param name="Address">The forward-path without brackets.</param>
/// <param name="OriginalRecipient">ORCPT as <c>type;address</c>, decoded; null where none was given.</param>
/// <param name="Reply">The peer's reply, or ours where <paramref name="RemoteMta"/> is null; null where there is none.</param>
/// <param name="RemoteMta">The host that gave the reply.</param>
/// <param name="LastAttempt">When; null where there was no attempt.</param>
/// <param name="Expired">True where its time ran out: the reply is then the last transient one.</param>
public sealed record NotifiedRecipient(string Address, string? OriginalRecipient, Reply? Reply, string? RemoteMta, DateTimeOffset? LastAttempt, bool Expired = false);
