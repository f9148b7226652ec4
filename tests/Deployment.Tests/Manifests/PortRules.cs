using System.Globalization;
using k8s.Models;
using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>Services, containers, probes, monitoring and cluster.hocon mean the same ports.</summary>
internal static class PortRules
{
    public static IEnumerable<string> Check(Deployed all)
    {
        foreach (var finding in Binds(all).Concat(Services(all)).Concat(Listeners(all)).Concat(Probes(all)).Concat(Peers(all)).Concat(Monitors(all))) yield return finding;
    }

    /// <summary>The container port of a name.</summary>
    public static int? Of(Deployed all, string? name) => all.Container.Ports.FirstOrDefault(port => port.Name == name)?.ContainerPort;

    private static IEnumerable<string> Binds(Deployed all)
    {
        string[] keys = [.. Enumerable.Range(0, 10).Select(i => $"listeners[{i}].bind").Where(key => all.Value(key) is not null), "http.bind", "cluster.bind", "cluster.handover", "cluster.bootstrap"];
        var ports = all.Container.Ports.Select(port => port.ContainerPort).ToHashSet();
        foreach (var key in keys)
        {
            if (all.EndPoint(key) is not { } bind) yield return $"{key}: {all.Value(key) ?? "missing"} is no address and port";
            else if (!bind.Address.ToString().Equals("0.0.0.0", StringComparison.Ordinal)) yield return $"{key}: {bind} is not reachable from outside the pod";
            else if (!ports.Remove(bind.Port)) yield return $"{key}: {bind.Port} is not among the container's ports";
        }

        foreach (var port in ports) yield return $"container port {port}: nothing in cluster.hocon listens there";
        foreach (var port in all.Container.Ports.Where(port => port.ContainerPort <= 1024)) yield return $"container port {port.ContainerPort}: needs a capability";
        foreach (var port in all.Container.Ports.GroupBy(port => port.Name).Where(group => group.Count() > 1)) yield return $"container port {port.Key}: named twice";
        if (all.EndPoint("admin.bind") is not { } admin || !System.Net.IPAddress.IsLoopback(admin.Address)) yield return "admin.bind: not on loopback";
    }

    private static IEnumerable<string> Services(Deployed all)
    {
        foreach (var service in all.All<V1Service>())
        {
            var templates = all.Templates.Where(template => SelectorRules.Selects(service.Spec.Selector, template.Template)).ToArray();
            if (templates is not [var (_, pods)])
            {
                yield return $"service {service.Metadata.Name}: selects the pods of {templates.Length} workloads";
                continue;
            }

            foreach (var port in service.Spec.Ports)
            {
                var target = port.TargetPort?.Value ?? port.Port.ToString(CultureInfo.InvariantCulture);
                if (!pods.Spec.Containers.SelectMany(container => container.Ports ?? []).Any(open => open.Name == target)) yield return $"service {service.Metadata.Name} port {port.Name}: no container has a port named {target}";
                if (service.Spec.ClusterIP == "None" && Of(all, target) is { } number && number != port.Port) yield return $"service {service.Metadata.Name} port {port.Name}: headless, so clients reach {port.Port} itself, not {number}";
            }
        }
    }

    private static IEnumerable<string> Listeners(Deployed all)
    {
        foreach (var service in all.All<V1Service>().Where(service => service.Spec.ClusterIP != "None" && service.Spec.Selector[Deployed.Component] == "node"))
        {
            var outside = service.Spec.Type is "LoadBalancer" or "NodePort";
            if (outside && service.Spec.ExternalTrafficPolicy != "Local") yield return $"service {service.Metadata.Name}: externalTrafficPolicy is not Local, so PROXY headers come from any node's address";
            foreach (var port in service.Spec.Ports)
            {
                var number = Of(all, port.TargetPort?.Value);
                var listener = Enumerable.Range(0, 10).FirstOrDefault(i => all.EndPoint($"listeners[{i}].bind")?.Port == number, -1);
                var proxy = all.Value($"listeners[{listener}].proxy-protocol");
                if (proxy != (outside ? "required" : "off")) yield return $"service {service.Metadata.Name} port {port.Port}: leads to a listener with proxy-protocol = {proxy ?? "nothing"}";
            }
        }

        var balanced = all.All<V1Service>().Where(service => service.Spec.Type == "LoadBalancer").SelectMany(service => service.Spec.Ports).Select(port => port.Port).Order();
        if (!balanced.SequenceEqual([25, 587])) yield return $"load balancer: ports {string.Join(", ", balanced)}, not 25 and 587";
        if (!all.All<V1Service>().Any(service => service.Metadata.Name == "mailcluster-inside" && service.Spec.Type == "ClusterIP")) yield return "clients inside have no service";
        if (all.Value("proxy-peers") is null or "[]") yield return "proxy-peers: empty, though a listener requires the header";
    }

    private static IEnumerable<string> Probes(Deployed all)
    {
        foreach (var (name, probe, path) in new[]
        {
            ("startup", all.Container.StartupProbe, "/healthz"), ("liveness", all.Container.LivenessProbe, "/healthz"), ("readiness", all.Container.ReadinessProbe, "/readyz"),
        })
        {
            if (probe?.HttpGet is not { } get) yield return $"{name} probe: missing";
            else if (get.Path != path) yield return $"{name} probe: asks {get.Path}, not {path}";
            else if (Of(all, get.Port.Value) is not { } port || port != all.EndPoint("http.bind")?.Port) yield return $"{name} probe: port {get.Port.Value} is not that of http.bind";
        }
    }

    private static IEnumerable<string> Peers(Deployed all)
    {
        var name = all.Nodes.Spec.ServiceName;
        if (all.Value("cluster.service") != name) yield return $"cluster.service: {all.Value("cluster.service")}, but the StatefulSet's serviceName is {name}";
        if (all.Find<V1Service>(name) is not { } headless)
        {
            yield return $"service {name}: missing, though the StatefulSet names it";
            yield break;
        }

        if (headless.Spec.ClusterIP != "None") yield return $"service {name}: not headless, so pods have no names";
        if (headless.Spec.PublishNotReadyAddresses != true) yield return $"service {name}: nodes that are not ready do not find each other";
        foreach (var key in new[] { "cluster.bind", "cluster.handover", "cluster.bootstrap" })
        {
            if (!headless.Spec.Ports.Any(port => port.Port == all.EndPoint(key)?.Port)) yield return $"service {name}: lacks the port of {key}";
        }
    }

    private static IEnumerable<string> Monitors(Deployed all)
    {
        foreach (var monitor in all.All<ServiceMonitor>())
        {
            var services = all.All<V1Service>().Where(service => SelectorRules.Matches(monitor.Spec.Selector, service.Metadata.Labels)).ToArray();
            if (services.Length != 1) yield return $"ServiceMonitor {monitor.Metadata.Name}: selects {services.Length} services";
            foreach (var endPoint in monitor.Spec.Endpoints)
            {
                if (endPoint.Path != "/metrics") yield return $"ServiceMonitor {monitor.Metadata.Name}: path {endPoint.Path}";
                foreach (var service in services)
                {
                    if (service.Spec.Ports.FirstOrDefault(port => port.Name == endPoint.Port) is not { } port) yield return $"ServiceMonitor {monitor.Metadata.Name}: service {service.Metadata.Name} has no port {endPoint.Port}";
                    else if (Of(all, port.TargetPort.Value) != all.EndPoint("http.bind")?.Port) yield return $"ServiceMonitor {monitor.Metadata.Name}: port {endPoint.Port} is not that of http.bind";
                }
            }
        }
    }
}
