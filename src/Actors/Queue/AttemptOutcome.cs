using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Queue;

/// <summary>What a peer said of one recipient.</summary>
/// <param name="Recipient">Its number in the entry.</param>
/// <param name="Accepted">The 2xx to the end of data; null where it was refused.</param>
/// <param name="Failure">The refusal; null where it was accepted.</param>
/// <param name="Peer">The connection it went over.</param>
public readonly record struct AttemptOutcome(int Recipient, Reply? Accepted, DeliveryFailure? Failure, OutboundPeer Peer);
