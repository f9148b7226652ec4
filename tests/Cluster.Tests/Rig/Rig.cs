using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// A cluster of real nodes, each on a machine of its own, with applications before it, and name server and mail exchangers behind:
/// <code>
///   apps 10.77.0.3 ──┐      ┌── n1 10.77.0.11
///   front 10.77.0.5 ─┼bridge┼── n2 10.77.0.12 …
///   world 10.77.0.2 ─┘      └── n3 10.77.0.13
/// </code>
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    public const string ApplicationsAddress = "10.77.0.3";
    public const string FrontAddress = "10.77.0.5";

    private readonly TemporaryFolder _folder = new();
    private readonly List<Fault> _faults = [];
    private readonly string _settings;

    private Rig(VirtualNetwork network, NetworkNamespace world, NetworkNamespace applications, NetworkNamespace front, CountingSink sink, string settings)
    {
        (Network, World, Applications, Front, Sink, _settings) = (network, world, applications, front, sink, settings);
    }

    /// <summary>Whether the full durations are asked for; see <c>tests/cluster-long.sh</c>.</summary>
    public static bool IsLong => Environment.GetEnvironmentVariable("MAILCLUSTER_LONG") == "1";

    public VirtualNetwork Network { get; }

    public NetworkNamespace World { get; }

    public NetworkNamespace Applications { get; }

    public NetworkNamespace Front { get; }

    public CountingSink Sink { get; }

    public List<RigNode> Nodes { get; } = [];

    /// <summary>What the nodes have gone through.</summary>
    public IReadOnlyList<Fault> Faults
    {
        get
        {
            lock (_faults)
            {
                return [.. _faults];
            }
        }
    }

    /// <summary>Builds the network and starts so many nodes.</summary>
    /// <param name="nodes">How many.</param>
    /// <param name="settings">HOCON inside <c>mailcluster { }</c> of each node.</param>
    /// <param name="before">Done when the machines are there and before their nodes start.</param>
    public static async Task<Rig> StartAsync(int nodes, string settings = "", Func<Rig, Task>? before = null)
    {
        var network = await VirtualNetwork.CreateAsync();
        var world = await network.AddAsync("world", "10.77.0.2");
        await world.ShellAsync("ip route add local 10.77.2.0/23 dev lo; ip route add local 10.77.4.0/23 dev lo");
        var rig = new Rig(network, world, await network.AddAsync("apps", ApplicationsAddress), await network.AddAsync("front", FrontAddress), new(world), settings);
        try
        {
            await WorldNames.StartAsync(world, rig._folder);
            await rig.AddAsync(nodes, before);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds nodes, and returns when the cluster has taken them in.</summary>
    public async Task AddAsync(int count, Func<Rig, Task>? before = null)
    {
        var added = new List<RigNode>();
        for (var i = 0; i < count; i++)
        {
            var number = Nodes.Count + 1;
            var name = string.Create(CultureInfo.InvariantCulture, $"n{number}");
            var space = await Network.AddAsync(name, string.Create(CultureInfo.InvariantCulture, $"10.77.0.{10 + number}"));
            added.Add(new(space, _folder.File(name), $$"""
                dns { servers = ["{{World.Address}}:53"], timeout = 1s }
                retry { first = 1s, max = 3s, lifetime = 1h, delay-notice = 0s }
                shutdown { delay = 1s, deliveries = 15s }
                {{_settings}}
                """));
            Nodes.Add(added[^1]);
        }

        added.ForEach(node => node.Configure(Nodes.Select(each => each.Space.Address)));
        if (before is not null)
        {
            await before(this);
        }

        added.ForEach(node => node.Start());
        await ReadyAsync(added);
    }

    /// <summary>Returns when all these are ready; without any, all that run.</summary>
    public async Task ReadyAsync(IReadOnlyCollection<RigNode>? nodes = null, TimeSpan? within = null)
    {
        nodes ??= [.. Nodes.Where(node => node.IsRunning)];
        var said = new ConcurrentDictionary<string, string?>();
        await Eventually.HoldsAsync(
            async () =>
            {
                foreach (var node in nodes)
                {
                    said[node.Name] = await node.ReadinessAsync();
                }

                return nodes.All(node => said[node.Name] == "ready");
            },
            $"{string.Join(' ', nodes.Select(node => node.Name))} ready", within ?? TimeSpan.FromSeconds(60), () => string.Join("; ", said) + "\n" + Logs());
    }

    /// <summary>Returns when all nodes see the same members: themselves.</summary>
    public async Task OneClusterAsync()
    {
        var seen = new ConcurrentDictionary<string, string?>();
        await Eventually.HoldsAsync(
            async () =>
            {
                foreach (var node in Nodes)
                {
                    seen[node.Name] = await node.ClusterAsync();
                }

                return seen.Values.All(view => view is not null && Nodes.All(node => view.Contains(RigNode.ClusterAddress(node.Space.Address), StringComparison.Ordinal)));
            },
            "one cluster of all nodes", TimeSpan.FromSeconds(30), () => string.Join('\n', seen) + Logs());
    }

    /// <summary>Something is done to a node, from now on.</summary>
    public async Task<Fault> BeginAsync(RigNode node, string kind, Func<Task> happen)
    {
        var fault = new Fault(node.Name, kind, RigClock.Now, TimeSpan.MaxValue);
        lock (_faults)
        {
            _faults.Add(fault);
        }

        await happen();
        return fault;
    }

    /// <summary>It is over.</summary>
    public async Task EndAsync(Fault fault, Func<Task> happen)
    {
        await happen();
        lock (_faults)
        {
            _faults[_faults.IndexOf(fault)] = fault with { To = RigClock.Now };
        }
    }

    /// <summary>Puts HAProxy before the nodes that there are, and returns where it listens.</summary>
    public Task<IPEndPoint> BalanceAsync() => Balancer.StartAsync(Front, Applications, _folder, Nodes);

    /// <summary>kill -9.</summary>
    public async Task KillAsync(RigNode node)
    {
        var fault = await BeginAsync(node, "killed", () => Task.CompletedTask);
        await EndAsync(fault, node.KillAsync);
    }

    /// <summary>Applications that send to the nodes in turn, each on its own connection.</summary>
    public Load Send(Func<long, string> recipient, int clients = 6, int pause = 40, long first = 0, IReadOnlyList<RigNode>? to = null) => new(Applications, new()
    {
        Target = client => (to ?? Nodes)[client % (to ?? Nodes).Count].Smtp,
        Recipient = recipient,
        Clients = clients,
        Pause = TimeSpan.FromMilliseconds(pause),
        First = first,
    });

    /// <summary>From acceptance to the first mail exchanger, of those that have come.</summary>
    public IReadOnlyDictionary<long, TimeSpan> Delays(Load load)
    {
        var first = new Dictionary<long, TimeSpan>();
        foreach (var reception in Sink.Receptions)
        {
            if (load.Accepted.TryGetValue(reception.Number, out var acceptance) && !first.ContainsKey(reception.Number))
            {
                first[reception.Number] = reception.At - acceptance.At;
            }
        }

        return first;
    }

    /// <summary>The node that a mail exchanger has seen.</summary>
    public string NameOf(IPAddress address) => Nodes.Find(node => node.Space.Address.Equals(address))?.Name ?? address.ToString();

    /// <summary>Returns when all that the load was told is kept has come to the mail exchangers; says what is missing where it has not.</summary>
    public Task ArrivedAsync(Load load, TimeSpan? within = null) => Eventually.HoldsAsync(
        () => Missing(load).Count == 0,
        "all accepted mail at the mail exchangers", within ?? TimeSpan.FromSeconds(60),
        () => Missing(load) is var missing ? string.Create(CultureInfo.InvariantCulture, $"{missing.Count} of {load.Accepted.Count} are missing, such as {string.Join(", ", missing.Take(10).Select(number => $"{number} accepted at {load.Accepted[number].At.TotalSeconds:F1} by {NameOf(load.Accepted[number].By)}"))}; {Logs()}") : "");

    private List<long> Missing(Load load)
    {
        var come = Sink.Receptions.Select(reception => reception.Number).ToHashSet();
        return [.. load.Accepted.Keys.Where(number => !come.Contains(number))];
    }

    /// <summary>The logs of all nodes, shortened.</summary>
    public string Logs()
    {
        var text = new StringBuilder();
        foreach (var node in Nodes)
        {
            var lines = node.Log.Split('\n').Where(line => !line.Contains(" dsn=", StringComparison.Ordinal) && !line.Contains(" from=", StringComparison.Ordinal)).ToList();
            text.Append(CultureInfo.InvariantCulture, $"\n== {node.Name}\n{string.Join('\n', lines.TakeLast(60))}");
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("MAILCLUSTER_RIG_LOGS") is { Length: > 0 } keep)
        {
            Directory.CreateDirectory(keep);
            Nodes.ForEach(node => File.WriteAllText(Path.Combine(keep, node.Name + ".log"), node.Log));
        }

        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        await Sink.DisposeAsync();
        await Network.DisposeAsync();
        _folder.Dispose();
    }
}
