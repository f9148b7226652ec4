using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>What a receiver has said of a message.</summary>
/// <param name="Id">The message.</param>
/// <param name="Kind">What becomes of it.</param>
/// <param name="Reply">What it said, where it was not taken.</param>
public readonly record struct DonorVerdict(string Id, DonorVerdictKind Kind, Reply? Reply);
