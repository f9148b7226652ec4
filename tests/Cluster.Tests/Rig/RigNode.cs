using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// A real node on a machine of its own, with its data directory. Where <see cref="Supervised"/>, it is started again when it ends with the exit code that asks for that, as a supervisor
/// would do.
/// </summary>
internal sealed class RigNode(NetworkNamespace space, string folder, string settings) : IAsyncDisposable
{
    /// <summary>"Start me again": the node was in a minority, or was downed.</summary>
    public const int AsksForRestart = 75;

    public const int SmtpPort = 2525;
    public const int BehindProxyPort = 2526;
    private const int HttpPort = 8080;
    private const int AdminPort = 8081;
    private const int ClusterPort = 4053;

    private readonly List<string> _log = [];
    private readonly HttpClient _http = space.OpenHttp();
    private readonly List<int> _exits = [];
    private readonly List<ProcessEnd> _ends = [];
    private Process? _process;
    private Task _watch = Task.CompletedTask;

    public string Name => space.Name;

    public NetworkNamespace Space => space;

    public IPEndPoint Smtp => new(space.Address, SmtpPort);

    public string DataDirectory => Path.Combine(folder, "data");

    /// <summary>Started again by itself where it asks for it.</summary>
    public bool Supervised { get; set; } = true;

    /// <summary>How its processes have ended so far.</summary>
    public IReadOnlyList<int> Exits
    {
        get
        {
            lock (_exits)
            {
                return [.. _exits];
            }
        }
    }

    /// <summary>When they have.</summary>
    public IReadOnlyList<ProcessEnd> Ends
    {
        get
        {
            lock (_exits)
            {
                return [.. _ends];
            }
        }
    }

    /// <summary>What it has written, with our clock before each line.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    public bool IsRunning => _process is { HasExited: false };

    public static string ClusterAddress(IPAddress address) => string.Create(CultureInfo.InvariantCulture, $"{address}:{ClusterPort}");

    /// <summary>Writes the configuration. The same nodes may be given a longer list later, when others have been added.</summary>
    public void Configure(IEnumerable<IPAddress> nodes)
    {
        Directory.CreateDirectory(folder);
        var list = string.Join(", ", nodes.Select(node => $"\"{ClusterAddress(node)}\""));
        File.WriteAllText(Path.Combine(folder, "cluster.hocon"), string.Create(CultureInfo.InvariantCulture, $$"""
            mailcluster {
              hostname = "{{Name}}.test"
              data-directory = "data"
              listeners = [
                { name = direct, bind = "{{space.Address}}:{{SmtpPort}}" }
                { name = behind, bind = "{{space.Address}}:{{BehindProxyPort}}", proxy-protocol = required }
              ]
              proxy-peers = ["{{Rig.FrontAddress}}/32"]
              relay { networks = ["{{Rig.ApplicationsAddress}}/32"] }
              http { bind = "{{space.Address}}:{{HttpPort}}" }
              admin { bind = "127.0.0.1:{{AdminPort}}" }
              cluster { bind = "{{ClusterAddress(space.Address)}}", nodes = [{{list}}], handover = "{{space.Address}}:4054" }
              {{settings}}
            }
            """));
    }

    /// <summary>Starts the process. Returns at once; see <see cref="IsReadyAsync"/>.</summary>
    public void Start()
    {
        Note("— started");
        var process = space.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "mailcluster.dll"), "--config", Path.Combine(folder, "cluster.hocon")], Note);
        _process = process;
        _watch = WatchAsync(process);
    }

    /// <summary>kill -9. Nobody starts it again but the test.</summary>
    public async Task KillAsync()
    {
        var process = _process!;
        _process = null;
        Signal(process, "KILL");
        await process.WaitForExitAsync();
        await _watch;
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? within = null)
    {
        var process = _process!;
        _process = null;
        Signal(process, "TERM");
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Name} does not stop:\n{Log}");
        }

        await _watch;
        return process.ExitCode;
    }

    /// <summary>An operator's order to leave for good: it hands its mail over and ends. The exit code.</summary>
    public async Task<int> HandOverAsync()
    {
        var process = _process!;
        _process = null;
        using (var answer = await _http.PostAsync(new Uri($"http://127.0.0.1:{AdminPort}/handover?by=test"), null))
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Name} does not end:\n{Log}");
        }

        await _watch;
        return process.ExitCode;
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause() => Signal(_process!, "STOP");

    /// <summary>SIGCONT.</summary>
    public void Continue()
    {
        Signal(_process!, "CONT");
        SignalOne(_process!.Id, "CONT");      // nsenter stops with its child.
    }

    /// <summary>What <c>/readyz</c> says; null where nobody answers.</summary>
    public async Task<string?> ReadinessAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://{space.Address}:{HttpPort}/readyz"));
            return (await answer.Content.ReadAsStringAsync()).Trim();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    public async Task<bool> IsReadyAsync() => await ReadinessAsync() == "ready";

    /// <summary>The members as the node sees them, from <c>GET /cluster</c>; null where nobody answers.</summary>
    public async Task<string?> ClusterAsync()
    {
        try
        {
            return await _http.GetStringAsync(new Uri($"http://127.0.0.1:{AdminPort}/cluster"));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _http.Dispose();
    }

    private async Task WatchAsync(Process process)
    {
        await process.WaitForExitAsync();
        lock (_exits)
        {
            _exits.Add(process.ExitCode);
            _ends.Add(new(Name, RigClock.Now));
        }

        Note(string.Create(CultureInfo.InvariantCulture, $"— ended with {process.ExitCode}"));
        if (Supervised && _process == process && process.ExitCode == AsksForRestart)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            if (_process == process)
            {
                Start();
            }
        }
    }

    private void Note(string line)
    {
        lock (_log)
        {
            _log.Add(string.Create(CultureInfo.InvariantCulture, $"{RigClock.Now.TotalSeconds:F3} {line}"));
        }
    }

    /// <summary>The process is nsenter's child: nsenter has to fork to enter the namespace of processes.</summary>
    private static void Signal(Process process, string signal)
    {
        var until = RigClock.Now + TimeSpan.FromSeconds(10);
        int? child;
        while ((child = VirtualNetwork.Child(process.Id)) is null)
        {
            Assert.True(!process.HasExited && RigClock.Now < until, "The node has ended by itself.");
            Thread.Sleep(5);
        }

        SignalOne(child.Value, signal);
    }

    private static void SignalOne(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
