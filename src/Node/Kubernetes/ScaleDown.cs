using MailCluster.Actors.Handover;

namespace MailCluster.Node.Kubernetes;

/// <summary>
/// Decides whether a pod that is told to stop goes for good. Only a set that stays and no longer wants this ordinal makes it hand its mail over. A rollout, a drained
/// machine and an eviction bring the pod back, with its disk; a deleted set leaves nobody to give to; and where nothing is known the mail stays where it is safe.
/// </summary>
internal static class ScaleDown
{
    /// <summary>The decision, with its reason for the log.</summary>
    public static HandoverWish Decide(PodName pod, StatefulSetAnswer answer) => answer switch
    {
        StatefulSetAnswer.Deleted deleted => new HandoverWish.No($"StatefulSet {pod.StatefulSet} {deleted.How}: there will be no peers"),
        StatefulSetAnswer.Unknown unknown => new HandoverWish.No($"whether StatefulSet {pod.StatefulSet} still wants ordinal {pod.Ordinal} is not known: {unknown.Reason}"),
        StatefulSetAnswer.Stays { Replicas: <= 0 } => new HandoverWish.No($"StatefulSet {pod.StatefulSet} wants no pod at all: there will be no peers"),
        StatefulSetAnswer.Stays stays when pod.Ordinal >= stays.First && pod.Ordinal < (long)stays.First + stays.Replicas => new HandoverWish.No($"{Wants(pod, stays)}: it comes back"),
        StatefulSetAnswer.Stays stays => new HandoverWish.Yes($"{Wants(pod, stays)}: it does not come back", new HandoverReceivers.OrdinalsBelow(pod.StatefulSet, stays.Replicas, stays.First)),
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer, "is no answer"),
    };

    private static string Wants(PodName pod, StatefulSetAnswer.Stays stays) =>
        $"StatefulSet {pod.StatefulSet} wants {stays.Replicas} replicas{(stays.First == 0 ? "" : $" from {stays.First}")}, this is ordinal {pod.Ordinal}";
}
