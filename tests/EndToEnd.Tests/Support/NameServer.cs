using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>nsd on a loopback port, serving the zone <c>test</c>.</summary>
internal sealed class NameServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];
    private Process? _process;

    public int Port { get; private init; }

    /// <summary>What goes into <c>dns { }</c>.</summary>
    public string Setting => string.Create(CultureInfo.InvariantCulture, $$"""dns { servers = ["127.0.0.1:{{Port}}"], timeout = 1s }""");

    /// <summary>Starts nsd with the records given, one a line, relative to <c>test.</c>; on the port given, or a free one.</summary>
    public static async Task<NameServer> StartAsync(string records, int port = 0)
    {
        var server = new NameServer { Port = port == 0 ? FreePort.Next() : port };
        await File.WriteAllTextAsync(server._folder.File("test.zone"), $"""
            $ORIGIN test.
            $TTL 5
            @ IN SOA ns admin 1 3600 600 86400 2
            @ IN NS ns
            ns IN A 127.0.0.1
            {records}

            """);
        await File.WriteAllTextAsync(server._folder.File("nsd.conf"), string.Create(CultureInfo.InvariantCulture, $"""
            server:
              ip-address: 127.0.0.1@{server.Port}
              username: ""
              chroot: ""
              zonesdir: "{server._folder.Path}"
              pidfile: "{server._folder.File("nsd.pid")}"
              database: ""
              xfrdfile: "{server._folder.File("xfrd.state")}"
              zonelistfile: "{server._folder.File("zone.list")}"
              xfrdir: "{server._folder.Path}"
              cookie-secret-file: ""
              server-count: 1
            remote-control:
              control-enable: no
            zone:
              name: test
              zonefile: test.zone

            """));
        server._process = new() { StartInfo = new("/usr/sbin/nsd", ["-d", "-c", server._folder.File("nsd.conf")]) { RedirectStandardError = true, RedirectStandardOutput = true } };
        server._process.OutputDataReceived += (_, _) => { };
        server._process.ErrorDataReceived += (_, line) => server._log.Add(line.Data ?? "");
        server._process.Start();
        server._process.BeginErrorReadLine();
        server._process.BeginOutputReadLine();
        await Eventually.HoldsAsync(() => server._process.HasExited || server.Answers(), "an answer of nsd", TimeSpan.FromSeconds(20));
        Assert.False(server._process.HasExited, "nsd ended: " + string.Join('\n', server._log));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
        _folder.Dispose();
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
