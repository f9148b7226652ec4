using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Support;

/// <summary>A real name server (NSD) in the foreground, on a loopback port, with zones given as text.</summary>
public sealed class Nsd : IAsyncDisposable
{
    private const string Program = "/usr/sbin/nsd";

    private readonly DirectoryInfo _directory;
    private readonly Process _process;

    private Nsd(DirectoryInfo directory, Process process, IPEndPoint endpoint)
    {
        _directory = directory;
        _process = process;
        Endpoint = endpoint;
    }

    public static bool IsInstalled => File.Exists(Program);

    public IPEndPoint Endpoint { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="zones">The zones' texts by their names.</param>
    /// <param name="from">The first port to try.</param>
    public static async Task<Nsd> StartAsync(IReadOnlyDictionary<string, string> zones, int from)
    {
        var directory = Directory.CreateTempSubdirectory("nsd-");
        var endpoint = new IPEndPoint(IPAddress.Loopback, FreePort(from));
        var server = $"""
            server:
              ip-address: 127.0.0.1@{endpoint.Port}
              server-count: 1
              username: ""
              chroot: ""
              zonesdir: "{directory.FullName}"
              database: ""
              pidfile: "{directory.FullName}/nsd.pid"
              xfrdfile: "{directory.FullName}/xfrd.state"
              zonelistfile: "{directory.FullName}/zone.list"
              xfrdir: "{directory.FullName}"
              logfile: "{directory.FullName}/nsd.log"
            remote-control:
              control-enable: no

            """;
        foreach (var (name, text) in zones)
        {
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, name + ".zone"), text);
            server += $"zone:\n  name: \"{name}\"\n  zonefile: \"{name}.zone\"\n";
        }

        var config = Path.Combine(directory.FullName, "nsd.conf");
        await File.WriteAllTextAsync(config, server);
        var process = Process.Start(new ProcessStartInfo(Program, ["-d", "-c", config]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var nsd = new Nsd(directory, process, endpoint);
        await nsd.WaitAsync();
        return nsd;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Asks until there is an answer, whatever it says.</summary>
    private async Task WaitAsync()
    {
        byte[] question = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1];      // . SOA
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        for (var i = 0; i < 100; i++)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"nsd ended: {await _process.StandardError.ReadToEndAsync()}{await File.ReadAllTextAsync(Path.Combine(_directory.FullName, "nsd.log"))}");
            }

            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            try
            {
                await udp.SendAsync(question, Endpoint, patience.Token);
                await udp.ReceiveAsync(patience.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                // Silence so far.
            }
            catch (SocketException)
            {
                await Task.Delay(50, CancellationToken.None);     // Nobody listens yet.
            }
        }

        throw new TimeoutException("nsd does not answer");
    }

    private static int FreePort(int from)
    {
        for (var port = from; port < from + 100; port++)
        {
            try
            {
                using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
                using var tcp = new TcpListener(IPAddress.Loopback, port);
                tcp.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new InvalidOperationException("No free port");
    }
}
