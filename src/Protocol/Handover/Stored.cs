using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>A chunk has been taken in: read, or committed.</summary>
/// <param name="Refusal">Null where all is well; else nothing of the message is kept.</param>
public readonly record struct Stored(Reply? Refusal);
