using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Replies;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

/// <summary>The receiving side of a node: what all its sessions share, and the switch that lets clients in or sends them away.</summary>
public sealed class Reception : IDisposable
{
    private readonly ProcessMemory _memory;
    private long _sessions;
    private volatile bool _ready;
    private volatile bool _draining;

    /// <summary>Makes it; clients are answered 421 until <see cref="SetReady"/>.</summary>
    /// <param name="hostname">Our name, in greeting and Received.</param>
    /// <param name="limits">What is taken from clients.</param>
    /// <param name="relay">Who may send where.</param>
    /// <param name="spool">Where mail is kept.</param>
    /// <param name="events">The event log.</param>
    /// <param name="closed">The domains whose queue is full.</param>
    /// <param name="sessions">The <see cref="SessionsActor"/>.</param>
    /// <param name="logger">For sessions' log lines.</param>
    /// <param name="time">The clock.</param>
    /// <param name="memory">How full the memory is; null for this process's.</param>
    public Reception(
        string hostname, LimitsOptions limits, RelayOptions relay, Spool.Spool spool, EventLog events, ClosedDomains closed, IActorRef sessions,
        ILogger<Reception> logger, TimeProvider time, ProcessMemory? memory = null)
    {
        Hostname = hostname;
        Domain = new(hostname.ToLowerInvariant());
        Limits = limits;
        Relay = new(relay);
        Spool = spool;
        Events = events;
        ClosedDomains = closed;
        Sessions = sessions;
        Logger = logger;
        Time = time;
        _memory = memory ?? new(time);
        Entrance = new(limits.Connections, limits.ConnectionsPerClient);
        Connections = new(time);
    }

    /// <summary>Open connections.</summary>
    public int Count => Entrance.Count;

    /// <summary>True once <see cref="DrainAsync"/> was called.</summary>
    public bool IsDraining => _draining;

    /// <summary>How the node is now.</summary>
    internal NodeCondition Condition => new(_ready && !_draining, Spool.Admission, Spool.OpenRecipients, _memory.IsShort);

    /// <summary>Sets this process's session ids apart from others'.</summary>
    internal uint Incarnation { get; } = (uint)Random.Shared.NextInt64();

    internal string Hostname { get; }

    internal Protocol.Addressing.DomainName Domain { get; }

    internal LimitsOptions Limits { get; }

    internal RelayPolicy Relay { get; }

    internal Spool.Spool Spool { get; }

    internal EventLog Events { get; }

    internal ClosedDomains ClosedDomains { get; }

    internal IActorRef Sessions { get; }

    internal ILogger Logger { get; }

    internal TimeProvider Time { get; }

    internal ConnectionLimits Entrance { get; }

    internal OpenConnections Connections { get; }

    /// <summary>Takes mail, or sends clients away with 421 4.3.2 at the greeting and at MAIL: before the cluster has been joined, and while this node is cut off from it.</summary>
    public void SetReady(bool ready) => _ready = ready;

    /// <summary>
    /// Sends clients away for good: those that wait for a command get 421 4.3.2 at once, those within DATA or BDAT after the reply to their message.
    /// </summary>
    /// <returns>Ends when all connections have; or when <paramref name="cancellation"/> does, some still being open.</returns>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        _draining = true;
        Connections.InterruptAll();
        await Connections.WhenEmpty().WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Stops the clock of the sessions; to be called when there are none.</summary>
    public void Dispose() => Connections.Dispose();

    internal long NextSession() => Interlocked.Increment(ref _sessions);

    /// <summary>Whether a client is greeted.</summary>
    /// <returns>Null: it is.</returns>
    internal Reply? RefusalAtGreeting() => _ready && !_draining ? null : Replies.NotAvailable;
}
