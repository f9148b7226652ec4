using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>Whatever selects pods selects those that are meant.</summary>
internal static class SelectorRules
{
    public static IEnumerable<string> Check(Deployed all)
    {
        foreach (var set in all.All<V1StatefulSet>()) if (!Matches(set.Spec.Selector, set.Spec.Template.Metadata.Labels)) yield return $"StatefulSet {set.Metadata.Name}: does not select its own pods";
        foreach (var set in all.All<V1Deployment>()) if (!Matches(set.Spec.Selector, set.Spec.Template.Metadata.Labels)) yield return $"Deployment {set.Metadata.Name}: does not select its own pods";
        var nodes = all.Nodes.Spec.Template.Metadata.Labels;
        var others = all.All<V1Deployment>().Select(set => set.Spec.Template.Metadata.Labels).ToArray();
        foreach (var (name, selector) in Selectors(all))
        {
            if (!Matches(selector, nodes)) yield return $"{name}: does not select the nodes";
            if (others.Any(labels => Matches(selector, labels))) yield return $"{name}: selects other pods too";
        }

        foreach (var one in all.Objects.Where(one => one.Metadata.NamespaceProperty != "mailcluster")) yield return $"{one.Kind} {one.Metadata.Name}: in namespace {one.Metadata.NamespaceProperty ?? "none"}";
        foreach (var twice in all.Objects.GroupBy(one => (one.Kind, one.Metadata.Name)).Where(group => group.Count() > 1)) yield return $"{twice.Key.Kind} {twice.Key.Name}: there twice";
    }

    public static bool Matches(V1LabelSelector? selector, IDictionary<string, string>? labels) =>
        selector is { MatchLabels.Count: > 0, MatchExpressions: null or [] } && selector.MatchLabels.All(label => labels?.TryGetValue(label.Key, out var value) == true && value == label.Value);

    public static bool Selects(IDictionary<string, string>? selector, V1PodTemplateSpec pods) =>
        selector is { Count: > 0 } && selector.All(label => pods.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    private static IEnumerable<(string Name, V1LabelSelector? Selector)> Selectors(Deployed all)
    {
        foreach (var budget in all.All<V1PodDisruptionBudget>()) yield return ($"PodDisruptionBudget {budget.Metadata.Name}", budget.Spec.Selector);
        foreach (var policy in all.All<V1NetworkPolicy>()) yield return ($"NetworkPolicy {policy.Metadata.Name}", policy.Spec.PodSelector);
        foreach (var spread in all.Pod.TopologySpreadConstraints ?? []) yield return ($"topology spread over {spread.TopologyKey}", spread.LabelSelector);
    }
}
