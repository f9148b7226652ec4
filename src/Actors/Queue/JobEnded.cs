using MailCluster.Protocol.Failures;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>What became of a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Delivery">The opened entry, to read envelope and recipients from; null where it never got so far (<paramref name="Outcomes"/> is then empty). The queue disposes it.</param>
/// <param name="Outcomes">What a peer said of recipients, by their number; those that no peer spoke of are not in it and stay as they were.</param>
/// <param name="Failure">Why recipients without an outcome were not tried to the end: scope Host or Destination, nobody left to try; null for a job that was given back untouched (shutdown, lease lost).</param>
public sealed record JobEnded(DeliveryJob Job, SpooledDelivery? Delivery, IReadOnlyList<AttemptOutcome> Outcomes, DeliveryFailure? Failure);
