using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>Whether a message is taken: <see cref="HandoverReplies.Send"/>, <see cref="HandoverReplies.HadAlready"/>, or a refusal, which says at the same time that it is not here.</summary>
public readonly record struct MailVerdict(Reply Reply);
