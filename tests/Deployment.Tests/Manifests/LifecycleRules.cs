using System.Globalization;
using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>Numbers that must fit each other: of pods, of seconds, of octets.</summary>
internal static class LifecycleRules
{
    /// <summary>Closing listeners, spool and event log, leaving the cluster, and the host's own end.</summary>
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(60);

    public static IEnumerable<string> Check(Deployed all) => Stopping(all).Concat(Counts(all)).Concat(Scaling(all)).Concat(Resources(all)).Concat(Claims(all));

    private static IEnumerable<string> Stopping(Deployed all)
    {
        var (delay, deliveries, handover) = (all.Duration("shutdown.delay"), all.Duration("shutdown.deliveries"), all.Duration("shutdown.handover"));
        if (delay == TimeSpan.Zero || deliveries == TimeSpan.Zero || handover == TimeSpan.Zero) yield return "shutdown: delay, deliveries and handover are not all set";
        var needed = delay + (2 * deliveries) + handover + s_closing;
        if (all.Pod.TerminationGracePeriodSeconds is not { } grace || grace < needed.TotalSeconds) yield return $"terminationGracePeriodSeconds: {all.Pod.TerminationGracePeriodSeconds} s, but stopping may take {needed.TotalSeconds} s";
        if (all.Container.ReadinessProbe is { } probe && (probe.PeriodSeconds ?? 10) * (probe.FailureThreshold ?? 3) < delay.TotalSeconds) yield return "readiness probe: fails before shutdown.delay is over, and kube-proxy drops what still comes";
        if (all.Container.StartupProbe is { } startup && (startup.PeriodSeconds ?? 10) * (startup.FailureThreshold ?? 3) < 60) yield return "startup probe: under a minute";
    }

    private static IEnumerable<string> Counts(Deployed all)
    {
        var founders = int.TryParse(all.Value("cluster.replicas"), CultureInfo.InvariantCulture, out var replicas) ? replicas : 0;
        var scaler = all.All<V2HorizontalPodAutoscaler>().SingleOrDefault();
        if (scaler is not null && all.Nodes.Spec.Replicas is not null) yield return "replicas: set, though an autoscaler decides it";
        if (scaler is null && all.Nodes.Spec.Replicas is null) yield return "replicas: not set, and no autoscaler decides it";
        var fewest = scaler is null ? all.Nodes.Spec.Replicas ?? 1 : scaler.Spec.MinReplicas ?? 1;
        if (fewest < 3) yield return $"replicas: {fewest}; one lost leaves no majority of them";
        if (fewest < founders) yield return $"replicas: {fewest}, but {founders} found the cluster";
        if (founders < 3) yield return $"cluster.replicas: {founders}";
        if (all.Nodes.Spec.PodManagementPolicy != "Parallel") yield return "podManagementPolicy: pods wait for the first, and the first for them";
        if (all.All<V1PodDisruptionBudget>().SingleOrDefault()?.Spec is not { MaxUnavailable.Value: "1", MinAvailable: null }) yield return "PodDisruptionBudget: not maxUnavailable: 1";
        if (all.Pod.TopologySpreadConstraints?.Select(spread => spread.TopologyKey).Order().SequenceEqual(["kubernetes.io/hostname", "topology.kubernetes.io/zone"]) != true) yield return "topology spread: not over machines and zones";
    }

    private static IEnumerable<string> Scaling(Deployed all)
    {
        foreach (var scaler in all.All<V2HorizontalPodAutoscaler>())
        {
            var target = scaler.Spec.ScaleTargetRef;
            if (target is not { Kind: "StatefulSet", ApiVersion: "apps/v1" } || target.Name != all.Nodes.Metadata.Name) yield return "HorizontalPodAutoscaler: scales something else";
            if (!scaler.Spec.Metrics.Any(metric => metric is { Type: "Resource", Resource: { Name: "cpu", Target.AverageUtilization: > 0 } })) yield return "HorizontalPodAutoscaler: does not look at CPU";
            foreach (var metric in scaler.Spec.Metrics.Where(metric => metric.Type == "Pods" && metric.Pods.Metric.Name != "mailcluster_backlog_age_seconds")) yield return $"HorizontalPodAutoscaler: nothing measures {metric.Pods.Metric.Name}";
            if (scaler.Spec.Behavior?.ScaleDown?.Policies is not [{ Type: "Pods", Value: 1 } policy] || policy.PeriodSeconds < (all.Duration("shutdown.handover") + all.Duration("shutdown.delay")).TotalSeconds) yield return "HorizontalPodAutoscaler: a further pod goes before one has handed over";
        }
    }

    private static IEnumerable<string> Resources(Deployed all)
    {
        foreach (var container in all.Templates.SelectMany(one => one.Template.Spec.Containers))
        {
            if (container.Resources is not { Requests: { } requests, Limits: { } limits } || !requests.ContainsKey("cpu") || !requests.TryGetValue("memory", out var memory) || !limits.TryGetValue("memory", out var limit)) yield return $"{container.Name}: resources are missing";
            else if (memory.ToDecimal() != limit.ToDecimal()) yield return $"{container.Name}: memory that is promised and memory that is allowed differ";
            else if (limits.ContainsKey("cpu")) yield return $"{container.Name}: a CPU limit makes it miss heartbeats";
        }

        if (all.Container.Env?.SingleOrDefault(variable => variable.Name == "DOTNET_PROCESSOR_COUNT")?.ValueFrom?.ResourceFieldRef is not { Resource: "requests.cpu" } cores || cores.ContainerName != all.Container.Name) yield return "DOTNET_PROCESSOR_COUNT: not the CPU request";
    }

    private static IEnumerable<string> Claims(Deployed all)
    {
        if (all.Nodes.Spec.PersistentVolumeClaimRetentionPolicy is not { WhenScaled: "Retain", WhenDeleted: "Retain" }) yield return "persistentVolumeClaimRetentionPolicy: mail is deleted with its pod";
        foreach (var claim in all.Nodes.Spec.VolumeClaimTemplates)
        {
            if (claim.Spec.AccessModes is not ["ReadWriteOnce"]) yield return $"claim {claim.Metadata.Name}: not for one node alone";
            if (claim.Spec.Resources?.Requests?.TryGetValue("storage", out var size) != true || size!.ToDecimal() < 1 << 30) yield return $"claim {claim.Metadata.Name}: under 1 GiB";
        }
    }
}
