using System.Net;
using System.Net.Sockets;

namespace MailCluster.Tests.Support;

/// <summary>Ports on loopback that nobody listens on. Each is given once in a test run.</summary>
public static class FreePort
{
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

    /// <summary>One whose fellow so many numbers above is free and given with it: a node's bootstrap endpoint is found that way.</summary>
    public static int NextWith(int offset)
    {
        while (true)
        {
            var port = Next();
            if (port + offset <= 65535 && TryGive(port + offset))
            {
                return port;
            }
        }
    }

    private static bool TryGive(int port)
    {
        lock (Given)
        {
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return Given.Add(port);
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }
}
