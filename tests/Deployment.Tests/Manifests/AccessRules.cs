using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>The least rights: of pods on their machine, of the service account at the API, of clients at the relay.</summary>
internal static class AccessRules
{
    public static IEnumerable<string> Check(Deployed all) => Account(all).Concat(Confinement(all)).Concat(Relaying(all));

    private static IEnumerable<string> Account(Deployed all)
    {
        var name = all.Pod.ServiceAccountName;
        if (all.Find<V1ServiceAccount>(name) is null) yield return $"service account {name}: not there";
        if (all.Pod.AutomountServiceAccountToken == false || all.Find<V1ServiceAccount>(name)?.AutomountServiceAccountToken == false) yield return "service account: its token is not mounted, so a pod cannot ask whether it is wanted";
        if (all.All<V1RoleBinding>().SingleOrDefault() is not { } binding || all.Find<V1Role>(binding.RoleRef.Name) is not { } role || binding.RoleRef.Kind != "Role")
        {
            yield return "RoleBinding: leads to no Role";
            yield break;
        }

        if (binding.Subjects is not [{ Kind: "ServiceAccount" } subject] || subject.Name != name || subject.NamespaceProperty != binding.Metadata.NamespaceProperty) yield return $"RoleBinding: not for service account {name} alone";
        if (role.Rules is not [{ ApiGroups: ["apps"], Resources: ["statefulsets"], Verbs: ["get"], ResourceNames: [var set] }] || set != all.Nodes.Metadata.Name) yield return "Role: not to get our own StatefulSet and nothing else";
        foreach (var (workload, template) in all.Templates.Where(one => one.Name != all.Nodes.Metadata.Name))
        {
            if (template.Spec.AutomountServiceAccountToken != false) yield return $"{workload}: has a token that it does not need";
        }
    }

    private static IEnumerable<string> Confinement(Deployed all)
    {
        foreach (var (workload, template) in all.Templates)
        {
            var pod = template.Spec.SecurityContext;
            if (pod is not { RunAsNonRoot: true, RunAsUser: > 0, RunAsGroup: > 0, SeccompProfile.Type: "RuntimeDefault" }) yield return $"{workload}: may run as root, or without seccomp";
            if (template.Spec.HostNetwork == true || template.Spec.HostPID == true || template.Spec.HostIPC == true) yield return $"{workload}: shares a namespace of the machine";
            foreach (var container in template.Spec.Containers)
            {
                if (container.SecurityContext is not { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true, Privileged: null or false, Capabilities: { Drop: ["ALL"], Add: null or [] } }) yield return $"{workload}/{container.Name}: not confined";
            }
        }

        if (all.Pod.SecurityContext?.FsGroup != all.Pod.SecurityContext?.RunAsGroup) yield return "fsGroup: the volume does not belong to the process's group";
        if (all.Pod.EnableServiceLinks != false) yield return "enableServiceLinks: the environment holds a variable for each service of the namespace";
    }

    /// <summary>Pods and nodes have private addresses; whoever can reach a node port has a node's.</summary>
    private static IEnumerable<string> Relaying(Deployed all)
    {
        foreach (var network in (all.Value("relay.networks") ?? "").Split(['[', ']', '"', ',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsPrivate(System.Net.IPNetwork.Parse(network).BaseAddress)) yield return $"relay.networks: {network} may be the pods' or the nodes'";
        }
    }

    private static bool IsPrivate(System.Net.IPAddress address) => address.GetAddressBytes() switch
    {
        [10, ..] or [192, 168, ..] or [172, >= 16 and < 32, ..] or [100, >= 64 and < 128, ..] => true,
        { Length: 16 } and ([0xfc or 0xfd, ..] or [0xfe, >= 0x80, ..]) => true,
        _ => false,
    };
}
