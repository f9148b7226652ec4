using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>What a receiver's session does after an input: it sends the reply, if any, then carries out the effect, if any.</summary>
public readonly record struct ReceiverTransition(ReceiverState Next, Reply? Reply, ReceiverEffect? Effect = null);
