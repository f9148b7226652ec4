using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A real node in a process of its own, on a data directory of its own. It can be stopped in order, killed and started again.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _log = new();
    private Process? _process;

    /// <summary>Makes the configuration; starts nothing.</summary>
    /// <param name="settings">HOCON inside <c>mailcluster { }</c>, beside the ports and the data directory.</param>
    /// <param name="behindBalancer">With a second listener, <see cref="ProxyPort"/>, for 127.0.0.1 as load balancer.</param>
    /// <param name="cluster">HOCON inside <c>cluster { }</c>, beside the handover port; null for a node alone.</param>
    /// <param name="akka">HOCON inside <c>akka { }</c>.</param>
    public NodeProcess(string settings, bool behindBalancer = false, string? cluster = null, string akka = "")
    {
        cluster ??= string.Create(CultureInfo.InvariantCulture, $"bind = \"127.0.0.1:{FreePort.Next()}\"");
        SmtpPort = FreePort.Next();
        ProxyPort = FreePort.Next();
        var proxied = behindBalancer ? string.Create(CultureInfo.InvariantCulture, $$""", { name = behind, bind = "127.0.0.1:{{ProxyPort}}", proxy-protocol = required } ], proxy-peers = [ "127.0.0.1" """) : "";
        HttpPort = FreePort.Next();
        ConfigurationFile = _folder.File("cluster.hocon");
        File.WriteAllText(ConfigurationFile, string.Create(CultureInfo.InvariantCulture, $$"""
            mailcluster {
              hostname = "relay.test"
              data-directory = "data"
              listeners = [ { name = relay, bind = "127.0.0.1:{{SmtpPort}}" }{{proxied}} ]
              http { bind = "127.0.0.1:{{HttpPort}}" }
              admin { bind = "127.0.0.1:{{AdminPort}}" }
              cluster { handover = "127.0.0.1:{{FreePort.Next()}}", {{cluster}} }
              shutdown { delay = 0s, deliveries = 10s }
              {{settings}}
            }
            akka {
              {{akka}}
            }
            """));
    }

    public int SmtpPort { get; }

    public int HttpPort { get; }

    public int AdminPort { get; } = FreePort.Next();

    public int ProxyPort { get; }

    public string ConfigurationFile { get; }

    public string DataDirectory => _folder.File("data");

    public int Id => _process?.Id ?? 0;

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

    /// <summary>The lines of the event log so far.</summary>
    public IEnumerable<string> Events => Directory.Exists(Path.Combine(DataDirectory, "events"))
        ? Directory.GetFiles(Path.Combine(DataDirectory, "events")).Order(StringComparer.Ordinal).SelectMany(ReadShared)
        : [];

    /// <summary>Makes a node and waits until it takes mail.</summary>
    public static async Task<NodeProcess> StartAsync(string settings, bool behindBalancer = false)
    {
        var node = new NodeProcess(settings, behindBalancer);
        await node.StartAsync();
        return node;
    }

    /// <summary>Starts the process and waits for its greeting, and until it has said that it is ready.</summary>
    public async Task StartAsync()
    {
        var before = Log.Length;
        Launch();
        // Asked once, when it is ready: a second session beside one that ends may be one too many for a test's limit.
        await Eventually.HoldsAsync(() => _process!.HasExited || (Log.IndexOf("NodeLifecycle: ready: ", before, StringComparison.Ordinal) >= 0 && Greets()), "a greeting of the node", TimeSpan.FromSeconds(60), () => Log);
        Assert.False(_process!.HasExited, $"The node ended at start:\n{Log}");
    }

    /// <summary>Starts the process and waits for nothing.</summary>
    public void Launch()
    {
        _process = new() { StartInfo = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), "--config", ConfigurationFile]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Waits until the process ends by itself, and returns its exit code.</summary>
    public async Task<int> EndAsync(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        await _process!.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        return await EndAsync();
    }

    /// <summary>Sends a signal: TERM, STOP, CONT.</summary>
    public Task SignalAsync(string signal) => Run.ToEndAsync("kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>The exit code of a node that ends by itself.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process!.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }
        _process?.Dispose();
        _folder.Dispose();
    }

    private static List<string> ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }
        return lines;
    }

    private bool Greets()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect("127.0.0.1", SmtpPort);
            using var reader = new StreamReader(client.GetStream());
            client.ReceiveTimeout = 2000;
            return reader.ReadLine() is ['2', '2', '0', ..];
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
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
