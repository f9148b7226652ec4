using System.Net;

namespace MailCluster.Node.Configuration;

/// <summary>What operators ask (<c>mailcluster.admin</c>).</summary>
public sealed class AdminOptions
{
    /// <summary>Where it listens; loopback only, because it asks for no password. Default: 127.0.0.1:8081.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.Loopback, 8081);
}
