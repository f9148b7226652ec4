using MailCluster.Protocol.Replies;

namespace MailCluster.Spool;

/// <summary>The last word on a recipient, kept for its report.</summary>
/// <param name="Reply">The peer's reply or ours.</param>
/// <param name="RemoteMta">The host that said so; null where the reply is ours.</param>
/// <param name="At">When.</param>
/// <param name="Expired">True where the lifetime ended it: the reply is then the last transient one, if any.</param>
public sealed record OutcomeDetail(Reply Reply, string? RemoteMta, DateTimeOffset At, bool Expired = false);
