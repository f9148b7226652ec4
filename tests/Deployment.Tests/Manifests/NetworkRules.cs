using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>The network policy lets through what the nodes need, and nothing to the ports that are among themselves.</summary>
internal static class NetworkRules
{
    public static IEnumerable<string> Check(Deployed all)
    {
        if (all.All<V1NetworkPolicy>().SingleOrDefault()?.Spec is not { } policy)
        {
            yield return "NetworkPolicy: missing";
            yield break;
        }

        if (policy.PolicyTypes?.Order().SequenceEqual(["Egress", "Ingress"]) != true) yield return "NetworkPolicy: does not govern both directions";
        var nodes = all.Nodes.Spec.Template.Metadata.Labels;
        foreach (var port in policy.Ingress.SelectMany(rule => rule.Ports ?? []).Where(port => PortRules.Of(all, port.Port.Value) is null)) yield return $"NetworkPolicy: no container has a port named {port.Port.Value}";
        foreach (var port in all.Container.Ports)
        {
            var rules = policy.Ingress.Where(rule => rule.Ports is not { Count: > 0 } || rule.Ports.Any(open => open.Port.Value == port.Name)).ToArray();
            if (rules.Length == 0) yield return $"NetworkPolicy: nobody may reach {port.Name}";
            var open = rules.Any(rule => rule.FromProperty is not { Count: > 0 });
            var amongNodes = rules.All(rule => rule.FromProperty is { Count: > 0 } && rule.FromProperty.All(peer => peer is { NamespaceSelector: null, IpBlock: null } && SelectorRules.Matches(peer.PodSelector, nodes)));
            if (port.Name is "cluster" or "handover" or "bootstrap" && !amongNodes) yield return $"NetworkPolicy: others than nodes may reach {port.Name}";
            if (port.Name is "http" or "smtp-inside" && (open || rules.Any(rule => rule.FromProperty?.Any(peer => peer.NamespaceSelector is null) == true))) yield return $"NetworkPolicy: not only pods may reach {port.Name}";
            if (port.Name is "smtp" or "submission" && !open) yield return $"NetworkPolicy: the load balancer may not reach {port.Name}";
        }

        foreach (var (what, protocol, number) in Needed(all))
        {
            if (!policy.Egress.Any(rule => rule.Ports?.Any(port => port.Protocol == protocol && port.Port.Value == number) == true)) yield return $"NetworkPolicy: the nodes may not reach {what} ({protocol} {number})";
        }

        foreach (var rule in policy.Egress.Where(rule => rule.Ports?.Any(port => port.Port.Value == "25") == true))
        {
            foreach (var block in rule.To?.Select(peer => peer.IpBlock) ?? [null])
            {
                if (block?.Except is not { Count: > 0 }) yield return "NetworkPolicy: an MX record may lead to addresses inside";
            }
        }
    }

    private static IEnumerable<(string What, string Protocol, string Port)> Needed(Deployed all)
    {
        yield return ("name servers", "UDP", "53");
        yield return ("name servers", "TCP", "53");
        yield return ("the Kubernetes API", "TCP", "443");
        yield return ("the Kubernetes API", "TCP", "6443");
        foreach (var key in new[] { "cluster.bind", "cluster.handover", "cluster.bootstrap" }) yield return ("each other", "TCP", $"{all.EndPoint(key)?.Port}");
        if (all.Value("routes[0].domain") == "*") yield return ("the route of all mail", "TCP", all.Value("routes[0].to")!.Split(':')[^1]);
        else yield return ("mail exchangers", "TCP", all.Value("delivery.port") ?? "");
    }
}
