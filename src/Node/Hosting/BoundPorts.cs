using System.Net;
using System.Net.Sockets;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Hosting;

/// <summary>
/// The ports, taken before anything else is done, so that one that is taken already is found while nothing has been opened yet. A socket here is bound but
/// does not listen: clients are refused until its server takes it over.
/// </summary>
internal sealed class BoundPorts : IDisposable
{
    private readonly Dictionary<EndPoint, Socket> _waiting = [];
    private readonly List<Socket> _all = [];

    /// <summary>Binds all. The port of the cluster is only tried, since Akka binds it itself.</summary>
    /// <exception cref="StartFailedException">One cannot be bound; the message says which key, which address and why.</exception>
    public static BoundPorts Bind(NodeOptions options)
    {
        var ports = new BoundPorts();
        try
        {
            foreach (var listener in options.Listeners) ports.Add($"listener \"{listener.Name}\"", listener.Bind);
            ports.Add("http.bind", options.Http.Bind);
            ports.Add("admin.bind", options.Admin.Bind);
            if (!options.Cluster.IsAlone) ports.Add("cluster.bootstrap", options.Cluster.Bootstrap);
            if (!options.Cluster.IsAlone) ports.AddHandover(options.Cluster);
            using (Open("cluster.bind", options.Cluster.Bind))
            {
            }

            return ports;
        }
        catch
        {
            ports.Dispose();
            throw;
        }
    }

    /// <summary>Hands a server its socket; a second one for the same address is a new one.</summary>
    public Socket Take(EndPoint endPoint)
    {
        lock (_waiting)
        {
            return _waiting.Remove(endPoint, out var socket) ? socket : Open("", (IPEndPoint)endPoint);
        }
    }

    /// <summary>Where a server's clients find it: the port that was given where any would do.</summary>
    public EndPoint Actual(IPEndPoint configured) => _actual.GetValueOrDefault(configured, configured);

    private readonly Dictionary<EndPoint, EndPoint> _actual = [];

    /// <summary>Lets go of those that no server took.</summary>
    public void Dispose()
    {
        foreach (var socket in _all) socket.Dispose();
    }

    private void Add(string key, IPEndPoint bind)
    {
        var socket = Open(key, bind);
        _all.Add(socket);
        _waiting[bind] = socket;
        _actual[bind] = socket.LocalEndPoint!;
    }

    /// <summary>
    /// Peers learn this port through the cluster: unless the file asks for it, any other one will do. It listens at once, since only then the kernel says that a neighbour on this machine
    /// which starts at the same time has the port too.
    /// </summary>
    private void AddHandover(ClusterOptions cluster)
    {
        Socket socket;
        try
        {
            socket = Listen(cluster.Handover);
        }
        catch (StartFailedException) when (!cluster.IsHandoverWritten)
        {
            socket = Listen(new(cluster.Handover.Address, 0));
        }

        _all.Add(socket);
        _waiting[cluster.Handover] = socket;
        _actual[cluster.Handover] = socket.LocalEndPoint!;

        static Socket Listen(IPEndPoint bind)
        {
            var socket = Open("cluster.handover", bind);
            try
            {
                socket.Listen();
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                throw new StartFailedException($"cluster.handover: cannot listen on {bind}: {e.Message}");
            }
        }
    }

    private static Socket Open(string key, IPEndPoint bind)
    {
        var socket = new Socket(bind.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (bind.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(bind);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new StartFailedException($"{key}: cannot listen on {bind}: {e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "another process has the port",
                SocketError.AddressNotAvailable => "this machine does not have the address",
                SocketError.AccessDenied => "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)",
                _ => e.Message,
            }}");
        }
    }
}
