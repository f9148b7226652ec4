using System.Diagnostics;
using System.Globalization;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// A network of a test's own: a bridge, and namespaces on it. All of it stands in namespaces (network, mounts, processes) that this class makes, so that nothing of the machine is touched,
/// runs beside one another do not meet, and all ends with one process: the first of the process namespace reads our pipe, and goes when it closes, however we ended.
/// </summary>
internal sealed class VirtualNetwork : IAsyncDisposable
{
    private const string Bridge = "mail0";
    private static readonly string[] Programs = ["ip", "tc", "nft", "nsd", "haproxy", "nsenter", "unshare"];

    private readonly Process _first;
    private readonly List<NetworkNamespace> _namespaces = [];

    private VirtualNetwork(Process first, int id)
    {
        _first = first;
        Id = id;
    }

    /// <summary>The process that all of it hangs on.</summary>
    public int Id { get; }

    /// <summary>Makes it. A test without the rights or the programs for it leaves itself out.</summary>
    public static async Task<VirtualNetwork> CreateAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Network namespaces have to be made by root, on Linux.");
        foreach (var program in Programs)
        {
            Assert.SkipUnless(Folders.Any(folder => File.Exists(Path.Combine(folder, program))), $"{program} is not installed.");
        }

        // The names of namespaces are files in /run/netns: in a /run of our own they clash with nobody's.
        const string script = "mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && ip link add " + Bridge + " type bridge && ip link set " + Bridge + " up && echo ready && exec cat";
        var outer = new Process
        {
            StartInfo = new("unshare", ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        outer.Start();
        var said = await outer.StandardOutput.ReadLineAsync();
        if (said != "ready")
        {
            var reason = await outer.StandardError.ReadToEndAsync();
            outer.Dispose();
            Assert.Skip($"This machine lets nobody make network namespaces: {reason.Trim()}");
        }

        return new(outer, Child(outer.Id)!.Value);
    }

    /// <summary>A namespace on the bridge, with an address in 10.77.0.0/16.</summary>
    public async Task<NetworkNamespace> AddAsync(string name, string address)
    {
        await ShellAsync(string.Create(CultureInfo.InvariantCulture, $"""
            ip netns add {name}
            ip link add v-{name} type veth peer name eth0 netns {name}
            ip link set v-{name} master {Bridge} up
            ip -n {name} link set lo up
            ip -n {name} addr add {address}/16 dev eth0
            ip -n {name} link set eth0 up
            """));
        var added = new NetworkNamespace(this, name, address);
        _namespaces.Add(added);
        return added;
    }

    /// <summary>Runs lines of shell where the bridge is; the first that fails fails the test.</summary>
    public Task ShellAsync(string lines) => CheckedAsync(lines, ["--net"]);

    /// <summary>Runs lines of shell; <paramref name="where"/> is nsenter's word for the network.</summary>
    public async Task CheckedAsync(string lines, IEnumerable<string> where)
    {
        var (code, output) = await Run.ToEndAsync("nsenter", [.. Enter(where), "sh", "-ec", lines]);
        Assert.True(code == 0, $"{lines}\nended with {code}: {output}");
    }

    /// <summary>nsenter's arguments before a program.</summary>
    public IEnumerable<string> Enter(IEnumerable<string> where) =>
        ["--target", Id.ToString(CultureInfo.InvariantCulture), "--mount", "--pid", .. where, $"--wd={AppContext.BaseDirectory}", "--"];

    /// <summary>The only child of a process, or null.</summary>
    public static int? Child(int process)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{process}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return text is [var child, ..] ? int.Parse(child, CultureInfo.InvariantCulture) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var space in _namespaces)
        {
            await space.DisposeAsync();
        }

        _first.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _first.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _first.Kill(entireProcessTree: true);
        }

        _first.Dispose();
    }

    private static IEnumerable<string> Folders => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]);
}
