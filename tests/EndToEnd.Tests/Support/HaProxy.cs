using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A real HAProxy in front of nodes.</summary>
internal sealed class HaProxy : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _log = new();
    private Process? _process;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    private string Socket => _folder.File("admin");

    /// <summary>Starts it and waits for it to answer.</summary>
    /// <param name="sections">What follows global and defaults.</param>
    public static async Task<HaProxy> StartAsync(string sections)
    {
        var haproxy = new HaProxy();
        var file = haproxy._folder.File("haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            global
              stats socket {haproxy.Socket} level admin
            defaults
              mode tcp
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              timeout check 2s
              retries 5
              option redispatch 1
            {sections}

            """);
        haproxy._process = new() { StartInfo = new("haproxy", ["-db", "-f", file]) { RedirectStandardError = true, RedirectStandardOutput = true } };
        haproxy._process.OutputDataReceived += (_, line) => haproxy.Keep(line.Data);
        haproxy._process.ErrorDataReceived += (_, line) => haproxy.Keep(line.Data);
        haproxy._process.Start();
        haproxy._process.BeginOutputReadLine();
        haproxy._process.BeginErrorReadLine();
        await Eventually.HoldsAsync(() => haproxy._process.HasExited || File.Exists(haproxy.Socket), "HAProxy's socket", otherwise: () => haproxy.Log);
        Assert.False(haproxy._process.HasExited, haproxy.Log);
        return haproxy;
    }

    /// <summary>Says a line to its runtime API.</summary>
    public string Command(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        using var stream = new NetworkStream(socket);
        stream.Write(Encoding.ASCII.GetBytes(line + "\n"));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>A column of <c>show stat</c>: <c>status</c>, <c>check_status</c>, <c>scur</c>, <c>stot</c>, …</summary>
    public string Of(string backend, string server, string column)
    {
        var lines = Command("show stat").Split('\n');
        var columns = lines[0].TrimStart('#', ' ').Split(',');
        var row = lines.Select(line => line.Split(',')).Single(fields => fields is [var first, var second, ..] && first == backend && second == server);
        return row[Array.IndexOf(columns, column)];
    }

    /// <summary>The same as a number.</summary>
    public long Count(string backend, string server, string column) => long.Parse(Of(backend, server, column), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
        _folder.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
