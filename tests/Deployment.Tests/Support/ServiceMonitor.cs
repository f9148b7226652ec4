using k8s;
using k8s.Models;

namespace MailCluster.Deployment.Tests.Support;

/// <summary>The Prometheus operator's resource, as far as ours uses it: the client has no model for it. A field that is not here is one that nobody has checked.</summary>
public sealed class ServiceMonitor : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public ServiceMonitorSpec Spec { get; set; } = new();
}
