using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace MailCluster.Node.Configuration;

/// <content>The section <c>cluster</c>: who the nodes are, and what they call each other.</content>
public static partial class ConfigurationReader
{
    private static ClusterOptions ReadCluster(SectionReader section, string directory, HostFacts facts)
    {
        var defaults = new ClusterOptions();
        var bind = section.Value("bind", defaults.Bind, Formats.EndPoint);
        var service = section.Value("service", null, Names.OptionalDomain);
        var replicas = section.Value("replicas", 0, Formats.Integer, 0, 1000);
        var pod = ReadPod(section, service?.Value, replicas, facts);
        var computed = pod is null ? null : new Names.HostPort($"{pod.Value.Set}-{pod.Value.Ordinal}.{service!.Value.Value}", bind.Port);
        var written = section.Value("address", null, Names.OptionalHostAndPort, computed is null ? "cluster.bind" : "cluster.service and the machine's name");
        var address = written ?? computed;
        if (address is null && (bind.Address.Equals(IPAddress.Any) || bind.Address.Equals(IPAddress.IPv6Any)))
        {
            section.Fail("bind", $"peers cannot reach {bind.Address}; name in cluster.address what they can reach");
        }

        if (pod is not null && IPAddress.IsLoopback(bind.Address)) section.Fail("service", $"peers cannot reach cluster.bind = {bind}; set it to the pod's address, or to 0.0.0.0:{bind.Port}");
        address ??= new(bind.Address.ToString(), bind.Port);
        var nodes = section.Values("nodes", [], Names.HostAndPort);
        if (service is not null && section.Has("nodes") && !nodes.IsEmpty) section.Fail("service", "cluster.nodes names the nodes already; only one of the two may be set");
        else if (service is null && !nodes.IsEmpty && !nodes.Contains(address)) section.Fail("nodes", Absent(address, nodes));
        if (pod is { } of) nodes = [.. Enumerable.Range(0, replicas).Select(ordinal => new Names.HostPort($"{of.Set}-{ordinal}.{service!.Value.Value}", address.Port))];
        if (pod is { Ordinal: var mine } && mine < replicas && !nodes.Contains(address))
        {
            section.Fail("address", $"peers compute {nodes[mine]} from cluster.service and this machine's name; leave cluster.address unset, or name the nodes in cluster.nodes");
        }

        if (!nodes.IsEmpty && bind.Port == 0) section.Fail("bind", "port 0 is any free one, which peers cannot know");
        return new()
        {
            Bind = bind,
            Host = address.Host,
            Port = address.Port,
            Nodes = [.. nodes.Select(node => node.ToString())],
            Service = service?.Value,
            Bootstrap = ReadBootstrap(section, bind),
            Handover = section.Value("handover", new IPEndPoint(bind.Address, defaults.Handover.Port), Formats.EndPoint, "cluster.bind"),
            IsHandoverWritten = section.Has("handover"),
            HandoverAddress = section.Value("handover-address", null, Names.OptionalHostAndPort, "cluster.address and the port of cluster.handover")?.ToString(),
            Tls = ReadClusterTls(section.Section("tls"), directory),
        };
    }

    /// <summary>What a pod of a StatefulSet is: the set's name and its own ordinal, from the machine's name.</summary>
    private static (string Set, int Ordinal)? ReadPod(SectionReader section, string? service, int replicas, HostFacts facts)
    {
        if (service is null)
        {
            if (replicas > 0) section.Fail("replicas", "has no effect without cluster.service, which with it names the nodes");
            return null;
        }

        if (replicas == 0)
        {
            section.Fail("service", "needs cluster.replicas: how many pods, from 0 on, form the cluster");
            return null;
        }

        var machine = facts.MachineName.Split('.')[0];
        var hyphen = machine.LastIndexOf('-');
        if (hyphen > 0 && int.TryParse(machine.AsSpan(hyphen + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)) return (machine[..hyphen].ToLowerInvariant(), ordinal);
        section.Fail("service", $"this machine's name, {facts.MachineName}, does not end in a number as the pods of a StatefulSet do; name the nodes in cluster.nodes");
        return null;
    }

    private static string Absent(Names.HostPort self, ImmutableArray<Names.HostPort> nodes)
    {
        var alike = nodes.FirstOrDefault(node => node.Host == self.Host) ?? nodes.FirstOrDefault(node => node.Port == self.Port);
        return $"this node, which calls itself {self} (cluster.address), is not among them" + (alike is null ? "" : $"; if {alike} is meant, set cluster.address = \"{alike}\"");
    }

    private static IPEndPoint ReadBootstrap(SectionReader section, IPEndPoint bind)
    {
        var port = bind.Port == 0 ? 0 : bind.Port + ClusterOptions.BootstrapOffset;
        if (port > IPEndPoint.MaxPort)
        {
            if (!section.Has("bootstrap")) section.Fail("bind", $"port {bind.Port} leaves no room for the bootstrap port {ClusterOptions.BootstrapOffset} above it; set cluster.bootstrap");
            port = 0;
        }

        return section.Value("bootstrap", new IPEndPoint(bind.Address, port), Formats.EndPoint, "cluster.bind");
    }

    private static ClusterTlsOptions? ReadClusterTls(SectionReader section, string directory)
    {
        (string Name, string Path)[] files = [Read("certificate"), Read("key"), Read("authority")];
        if (files.All(file => file.Path.Length == 0)) return null;
        var missing = files.Where(file => file.Path.Length == 0).Select(file => $"cluster.tls.{file.Name}").ToList();
        if (missing.Count > 0) section.Fail(files.First(file => file.Path.Length > 0).Name, $"mutual TLS needs all three of certificate, key and authority; missing: {string.Join(", ", missing)}");
        return new(Path.GetFullPath(files[0].Path, directory), Path.GetFullPath(files[1].Path, directory), Path.GetFullPath(files[2].Path, directory));

        (string Name, string Path) Read(string name) => (name, section.Value(name, "", Formats.Text));
    }
}
