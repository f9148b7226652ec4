using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using MailCluster.Node.Configuration;

namespace MailCluster.Deployment.Tests.Support;

/// <summary>Everything that one rendered kustomization holds, and the configuration that its nodes would read.</summary>
internal sealed class Deployed
{
    /// <summary>Labels of the nodes' pods, which other things select.</summary>
    public const string Component = "app.kubernetes.io/component";

    private static readonly Dictionary<string, Type> s_types = new() { ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor) };
    private readonly ImmutableArray<IKubernetesObject<V1ObjectMeta>> _objects;

    private readonly Lazy<ConfigurationResult> _configuration;

    private Deployed(ImmutableArray<IKubernetesObject<V1ObjectMeta>> objects)
    {
        _objects = objects;
        _configuration = new(() => ConfigurationReader.Read(Hocon, "/etc/mailcluster/cluster.hocon", Environment,
            new($"{Nodes.Metadata.Name}-0", (long)(Container.Resources?.Limits?["memory"].ToDecimal() ?? 1L << 30), "/")));
    }

    /// <summary>Parses strictly: a field that Kubernetes does not have is an exception, and so is a kind that the client does not know.</summary>
    public static Deployed Parse(string yaml) => new([.. Read(yaml)]);

    /// <summary>The objects of a text of documents, strictly.</summary>
    public static IEnumerable<IKubernetesObject<V1ObjectMeta>> Read(string yaml) => KubernetesYaml.LoadAllFromString(yaml, s_types, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>();

    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects => _objects;

    public IEnumerable<T> All<T>() where T : IKubernetesObject<V1ObjectMeta> => _objects.OfType<T>();

    public T? Find<T>(string? name) where T : class, IKubernetesObject<V1ObjectMeta> => All<T>().SingleOrDefault(o => o.Metadata.Name == name);

    public V1StatefulSet Nodes => All<V1StatefulSet>().Single();

    public V1PodSpec Pod => Nodes.Spec.Template.Spec;

    public V1Container Container => Pod.Containers.Single();

    /// <summary>Every pod template with the name of what it belongs to.</summary>
    public IEnumerable<(string Name, V1PodTemplateSpec Template)> Templates =>
        All<V1StatefulSet>().Select(set => (set.Metadata.Name, set.Spec.Template)).Concat(All<V1Deployment>().Select(set => (set.Metadata.Name, set.Spec.Template)));

    /// <summary>The text of cluster.hocon.</summary>
    public string Hocon => Find<V1ConfigMap>(Pod.Volumes.FirstOrDefault(volume => volume.ConfigMap is not null)?.ConfigMap.Name)?.Data["cluster.hocon"] ?? "";

    /// <summary>The node's environment, without what Kubernetes fills in.</summary>
    public IReadOnlyDictionary<string, string> Environment => Container.EnvFrom.SelectMany(from => Find<V1ConfigMap>(from.ConfigMapRef?.Name)?.Data ?? new Dictionary<string, string>())
        .Concat((Container.Env ?? []).Where(variable => variable.Value is not null).Select(variable => KeyValuePair.Create(variable.Name, variable.Value)))
        .ToDictionary(pair => pair.Key, pair => pair.Value);

    /// <summary>What a node would read: pod 0, with its memory limit.</summary>
    public ConfigurationResult Configuration => _configuration.Value;

    /// <summary>A value in force, as --check prints it; null where there is no such key.</summary>
    public string? Value(string key) => Configuration.Effective.FirstOrDefault(value => value.Key == $"mailcluster.{key}")?.Value.Trim('"');

    /// <summary>A duration in force.</summary>
    public TimeSpan Duration(string key) => Value(key) is { } text && Formats.Duration.Parse(text) is { Success: true } parsed ? parsed.Value : TimeSpan.Zero;

    /// <summary>An address and port in force.</summary>
    public IPEndPoint? EndPoint(string key) => Value(key) is { } text && IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null;
}
