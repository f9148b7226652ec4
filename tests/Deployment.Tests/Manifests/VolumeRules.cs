using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>What the configuration names as files is mounted there, and what is mounted exists.</summary>
internal static class VolumeRules
{
    /// <summary>The keys of the cluster's Secret: those that cert-manager writes.</summary>
    private static readonly string[] s_tlsFiles = ["tls.crt", "tls.key", "ca.crt"];

    public static IEnumerable<string> Check(Deployed all)
    {
        var claims = all.Nodes.Spec.VolumeClaimTemplates.ToDictionary(claim => claim.Metadata.Name);
        foreach (var (workload, template) in all.Templates)
        {
            var volumes = (template.Spec.Volumes ?? []).Select(volume => volume.Name).Concat(workload == all.Nodes.Metadata.Name ? claims.Keys : []).ToHashSet();
            foreach (var mount in template.Spec.Containers.SelectMany(container => container.VolumeMounts ?? []).Where(mount => !volumes.Contains(mount.Name))) yield return $"{workload}: mounts volume {mount.Name}, which is not there";
            foreach (var name in volumes.Except(template.Spec.Containers.SelectMany(container => container.VolumeMounts ?? []).Select(mount => mount.Name))) yield return $"{workload}: volume {name} is not mounted";
        }

        foreach (var volume in all.Pod.Volumes)
        {
            if (volume.ConfigMap is { } map && all.Find<V1ConfigMap>(map.Name) is null) yield return $"volume {volume.Name}: there is no ConfigMap {map.Name}";

            // Secrets are made by hand: what is not there must not keep a pod from starting; a key of the configuration that names one of its files does.
            if (volume.Secret is { } secret && (secret.Optional != true || secret.DefaultMode != 0x120)) yield return $"volume {volume.Name}: Secret {secret.SecretName} must be optional and readable by owner and group only";
        }

        foreach (var from in all.Container.EnvFrom.Where(from => all.Find<V1ConfigMap>(from.ConfigMapRef?.Name) is null)) yield return $"environment: there is no ConfigMap {from.ConfigMapRef?.Name}";
        foreach (var finding in Files(all, claims)) yield return finding;
    }

    private static IEnumerable<string> Files(Deployed all, Dictionary<string, V1PersistentVolumeClaim> claims)
    {
        if (all.Container.Args is not ["--config", var file]) yield return "arguments: not --config FILE";
        else if (Mount(all, file) is not { Name: "configuration" } mount || file != $"{mount.MountPath}/cluster.hocon") yield return $"--config {file}: the ConfigMap is not mounted there";
        var directory = all.Value("data-directory");
        if (Mount(all, directory ?? "") is not { } data || !claims.ContainsKey(data.Name) || data.MountPath != directory || data.ReadOnlyProperty == true) yield return $"data-directory: no volume claim is mounted at {directory}";
        foreach (var key in new[] { "certificate", "key", "authority" })
        {
            if (all.Value($"cluster.tls.{key}") is not { Length: > 0 } path) continue;
            var expected = s_tlsFiles[Array.IndexOf(["certificate", "key", "authority"], key)];
            if (Mount(all, path) is not { Name: "cluster-tls" } || Path.GetFileName(path) != expected) yield return $"cluster.tls.{key}: {path} is not {expected} of the mounted Secret";
        }

        foreach (var mount in all.Container.VolumeMounts.Where(mount => !claims.ContainsKey(mount.Name) && mount.ReadOnlyProperty != true)) yield return $"mount {mount.MountPath}: not read-only";
    }

    private static V1VolumeMount? Mount(Deployed all, string file) =>
        all.Container.VolumeMounts.Where(mount => file == mount.MountPath || file.StartsWith(mount.MountPath + "/", StringComparison.Ordinal)).MaxBy(mount => mount.MountPath.Length);
}
