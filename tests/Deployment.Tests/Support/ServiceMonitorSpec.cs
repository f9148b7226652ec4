using k8s.Models;

namespace MailCluster.Deployment.Tests.Support;

/// <summary>Which services, and what of them.</summary>
public sealed class ServiceMonitorSpec
{
    public V1LabelSelector Selector { get; set; } = new();

    public IList<ServiceMonitorEndpoint> Endpoints { get; set; } = [];
}
