namespace MailCluster.Spool;

/// <summary>How often a message has been marked, and for whom it is marked now.</summary>
/// <param name="Number">The number of its newest mark; its receiver goes on from there.</param>
/// <param name="Receiver">Who gets it; null where the mark was taken back.</param>
internal readonly record struct HandoverMark(int Number, string? Receiver);
