using System.Net;

namespace MailCluster.Node.Configuration;

/// <summary>Health and metrics (<c>mailcluster.http</c>).</summary>
public sealed class HttpOptions
{
    /// <summary>Where it listens. Default: 127.0.0.1:8080. In Kubernetes the pod's address.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.Loopback, 8080);
}
