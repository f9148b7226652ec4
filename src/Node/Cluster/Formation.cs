using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using MailCluster.Actors.Sites;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;
using MailCluster.Node.Http;
using MailCluster.Node.Logging;

namespace MailCluster.Node.Cluster;

/// <summary>Brings this node into the cluster: answers peers, asks them, and does what <see cref="BootstrapState"/> decides. Akka's own seed nodes are not used.</summary>
internal sealed partial class Formation : IAsyncDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(250);

    /// <summary>The same while this node joins: many may join at a time, and each asks all members.</summary>
    private static readonly TimeSpan JoiningRound = TimeSpan.FromSeconds(1);

    /// <summary>A reason to wait that is over sooner is not worth a line.</summary>
    private static readonly TimeSpan SaidAfter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SaidAgain = TimeSpan.FromHours(1);

    /// <summary>How long a founder waits for those that voted for it. Whoever has not come by then has restarted, or is cut off.</summary>
    private static readonly TimeSpan FoundingLimit = TimeSpan.FromSeconds(20);

    /// <summary>How long joining may take. A member that is unreachable holds it up until the cluster has removed it, some 15 s.</summary>
    private static readonly TimeSpan JoiningLimit = TimeSpan.FromSeconds(30);

    private readonly ClusterOptions _options;
    private readonly NodeReadiness _readiness;
    private readonly BoundPorts _ports;
    private readonly Func<ActorSystem> _system;
    private readonly ILogger<Formation> _logger;
    private readonly Complaints _complaints;
    private readonly ClusterRecordFile _file;
    private readonly BootstrapAsker _asker;
    private readonly BootstrapEndpoint _endpoint;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _asking = [];
    private BootstrapState? _state;

    public Formation(NodeOptions options, PeerCertificates? certificates, NodeReadiness readiness, BoundPorts ports, Func<ActorSystem> system, Complaints complaints, ILoggerFactory loggers)
    {
        (_options, _readiness, _ports, _system, _complaints) = (options.Cluster, readiness, ports, system, complaints);
        _logger = loggers.CreateLogger<Formation>();
        _file = new(options.DataDirectory, _options.Name, loggers.CreateLogger<ClusterRecordFile>());
        _asker = new(_options, certificates);
        _endpoint = new(_options, certificates, complaints, Answer);
    }

    /// <summary>What this node calls itself.</summary>
    public string Name => _options.Name;

    /// <summary>The cluster extension of the actor system; null while there is none.</summary>
    public Akka.Cluster.Cluster? Cluster { get; private set; }

    /// <summary>Returns when this node is up in the cluster, however long it takes.</summary>
    /// <exception cref="RejoinException">It tried to be, and cannot any more; the process has to start again.</exception>
    public async Task JoinAsync(CancellationToken cancellation)
    {
        var cluster = Cluster = Akka.Cluster.Cluster.Get(_system());
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.RegisterOnMemberUp(up.SetResult);
        if (_options.IsAlone)
        {
            // At once, without asking anybody, and without Akka's wait of 5 s for seeds that do not exist.
            _file.Delete();
            cluster.Join(cluster.SelfAddress);
            await UpAsync(up.Task, JoiningLimit, cancellation);
            return;
        }

        var incarnation = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & long.MaxValue;
        _state = new(new(_options.Name, incarnation), Founders.Of(_options), _file.Read(), Now);
        _endpoint.Start(_ports.Take(_options.Bootstrap));
        switch (await DecideAsync(cancellation))
        {
            case BootstrapDecision.Found found:
                var voters = found.Voters.Select(voter => voter.Name).ToImmutableArray();
                Founds(string.Join(", ", voters));
                Remember(voters);
                cluster.Join(cluster.SelfAddress);
                await UpAsync(up.Task, FoundingLimit, cancellation);
                break;
            case BootstrapDecision.Join join:
                Joins(string.Join(", ", join.Members));
                Remember(join.Members);
                cluster.JoinSeedNodes(join.Targets.Select(name => AddressOf(name, cluster.SelfAddress)));
                await JoinedAsync(up.Task, cancellation);
                break;
        }
    }

    /// <summary>This node stands in its cluster so, from now on; peers that ask are told.</summary>
    public void Stand(BootstrapStanding standing, ImmutableArray<string> members)
    {
        lock (_lock)
        {
            _state?.Stand(standing, members);
        }
    }

    /// <summary>Keeps who is in the cluster, for the next start.</summary>
    public void Remember(ImmutableArray<string> members)
    {
        if (!_options.IsAlone) _file.Write(new(_options.Name, members, DateTimeOffset.UtcNow));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    private Moment Now => Moment.Of(_system().Scheduler);

    private static Address AddressOf(string name, Address fellow)
    {
        var colon = name.LastIndexOf(':');
        return new(fellow.Protocol, fellow.System, name[..colon].Trim('[', ']'), int.Parse(name.AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Asks and decides, until there is something to do. Nobody's silence holds up the others' answers.</summary>
    private async Task<BootstrapDecision> DecideAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Round);
        var said = new RepeatedLines(TimeProvider.System);
        for (var (last, since) = ("", Now); ;)
        {
            BootstrapDecision decision;
            lock (_lock)
            {
                AskAll(cancellation);
                decision = _state!.Decide(Now);
            }

            if (decision is not BootstrapDecision.Wait wait) return decision;
            _readiness.ClusterMissing = wait.Reason;
            if (wait.Reason != last) (last, since) = (wait.Reason, Now);
            if (Now.Since(since) >= SaidAfter && said.Admit(last, SaidAgain, out _)) Waits(last);
            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    /// <summary>Whoever has answered is asked again; under the lock.</summary>
    private void AskAll(CancellationToken cancellation)
    {
        foreach (var peer in _state!.Peers.Where(peer => !_asking.TryGetValue(peer, out var asking) || asking.IsCompleted).ToList())
        {
            _asking[peer] = AskAsync(peer, cancellation);
        }
    }

    /// <summary>Returns when this node is up. Those that it joins may have been about to end, and wait for it when they are back: so they are asked all the while.</summary>
    private async Task JoinedAsync(Task up, CancellationToken cancellation)
    {
        _readiness.ClusterMissing = "joining";
        for (var began = TimeProvider.System.GetTimestamp(); !up.IsCompleted; await Task.WhenAny(up, Task.Delay(JoiningRound, cancellation)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Cluster!.IsTerminated) throw new RejoinException("this node was removed from the cluster while it joined");
            if (TimeProvider.System.GetElapsedTime(began) >= JoiningLimit) throw Late(JoiningLimit);
            lock (_lock)
            {
                AskAll(cancellation);
                if (_state!.Decide(Now) is BootstrapDecision.GiveUp { Reason: var reason } && !up.IsCompleted) throw new RejoinException(reason);
            }
        }
    }

    private async Task AskAsync(string peer, CancellationToken cancellation)
    {
        var asked = Now;
        var reply = await Task.Run(() => _asker.AskAsync(peer, cancellation), cancellation);
        if (reply.Fault is { IsMistake: true, Reason: var reason }) _complaints.Say(peer, $"cluster.nodes: {peer}: {reason}");
        else if (reply.Answer is not null) _complaints.Settle(peer);
        if (reply.Answer is not { } answer) return;
        lock (_lock)
        {
            _state!.Heard(answer, asked);
        }
    }

    private BootstrapAnswer Answer(string asker)
    {
        lock (_lock)
        {
            return _state!.Answer(asker, Now);
        }
    }

    private async Task UpAsync(Task up, TimeSpan limit, CancellationToken cancellation)
    {
        _readiness.ClusterMissing = "joining";
        try
        {
            await up.WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            throw Late(limit);
        }
    }

    private static RejoinException Late(TimeSpan limit) => new($"this node was not up in the cluster within {limit.TotalSeconds} s");

    [LoggerMessage(50, LogLevel.Information, "forms the cluster with {Voters}")]
    private partial void Founds(string voters);

    [LoggerMessage(51, LogLevel.Information, "joins the cluster of {Members}")]
    private partial void Joins(string members);

    [LoggerMessage(52, LogLevel.Information, "waits for the cluster: {Reason}")]
    private partial void Waits(string reason);
}
