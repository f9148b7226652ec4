using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>A real HAProxy in front of the nodes. It asks each node's <c>/readyz</c> four times a second.</summary>
internal static class Balancer
{
    public const int Port = 25;

    /// <summary>Starts it and waits until it passes a connection on.</summary>
    public static async Task<IPEndPoint> StartAsync(NetworkNamespace space, NetworkNamespace applications, TemporaryFolder folder, IEnumerable<RigNode> nodes)
    {
        var servers = string.Join('\n', nodes.Select(node => string.Create(CultureInfo.InvariantCulture, $"  server {node.Name} {node.Space.Address}:{RigNode.BehindProxyPort}")));
        await File.WriteAllTextAsync(folder.File("haproxy.cfg"), $"""
            global
              maxconn 1000
            defaults
              mode tcp
              option redispatch
              retries 3
              timeout connect 2s
              timeout client 10m
              timeout server 10m
            frontend mail
              bind {space.Address}:{Port}
              default_backend nodes
            backend nodes
              balance leastconn
              option httpchk GET /readyz
              default-server check port 8080 inter 250ms fall 2 rise 1 send-proxy-v2
            {servers}

            """);
        var log = new List<string>();
        var haproxy = space.Start("haproxy", ["-db", "-f", folder.File("haproxy.cfg")], log.Add);
        var endPoint = new IPEndPoint(space.Address, Port);
        await Eventually.HoldsAsync(async () => haproxy.HasExited || await PassesAsync(applications, endPoint), "HAProxy and nodes behind it");
        Assert.False(haproxy.HasExited, "HAProxy ended: " + string.Join('\n', log));
        return endPoint;
    }

    private static async Task<bool> PassesAsync(NetworkNamespace from, IPEndPoint endPoint)
    {
        try
        {
            var (session, _) = await RelaySession.OpenAsync(from, endPoint);
            session?.Dispose();
            return session is not null;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
