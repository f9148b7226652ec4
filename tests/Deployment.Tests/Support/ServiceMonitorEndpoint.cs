namespace MailCluster.Deployment.Tests.Support;

/// <summary>One target of a service.</summary>
public sealed class ServiceMonitorEndpoint
{
    public string? Port { get; set; }

    public string? Path { get; set; }

    public string? Interval { get; set; }

    public string? ScrapeTimeout { get; set; }
}
