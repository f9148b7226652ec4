using System.Net;
using System.Net.Sockets;

namespace MailCluster.Tests.Support;

/// <summary>Ports on loopback that nobody listens on. Each is given once in a test run.</summary>
public static class FreePort
{
    /// <summary>From a cluster's port to its bootstrap port, as the default has it.</summary>
    private const int BootstrapOffset = 37;

    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                using var probe = new TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                var port = ((IPEndPoint)probe.LocalEndpoint).Port;
                if (Given.Add(port))
                {
                    return port;
                }
            }
        }
    }

    /// <summary>A port for a cluster, whose bootstrap port is free as well.</summary>
    public static int ForCluster()
    {
        while (true)
        {
            var port = Next();
            try
            {
                using var bootstrap = new TcpListener(IPAddress.Loopback, port + BootstrapOffset);
                bootstrap.Start();
                lock (Given)
                {
                    if (Given.Add(port + BootstrapOffset)) return port;
                }
            }
            catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
            {
                // Taken, or there is no such port.
            }
        }
    }
}
