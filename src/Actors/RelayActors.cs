using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Handover;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Reports;
using MailCluster.Actors.Sessions;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors;

/// <summary>
/// A node's own actors, between the spool and the network: queue actors, site pools, reports and sessions. They start when the spool is open and the cluster joined, and stop before either
/// goes. The sharded ones are there before (<see cref="Shards"/>).
/// </summary>
public sealed class RelayActors
{
    /// <summary>Questions to delivery actors that a node may have unanswered.</summary>
    private const int Questions = 5000;

    private readonly ActorSystem _system;
    private readonly Spool.Spool _spool;
    private readonly QueuePartitions _partitions;
    private readonly IActorRef[] _queues;
    private readonly IActorRef _pools;
    private readonly IActorRef _reports;
    private HandoverNode? _handover;

    private RelayActors(ActorSystem system, RelayParts parts, Spool.Spool spool)
    {
        (_system, _spool) = (system, spool);
        var node = NodeId.Of(Cluster.Get(system).SelfUniqueAddress);
        var registry = ActorRegistry.For(system);
        _partitions = new(Environment.ProcessorCount);
        _pools = system.ActorOf(SitePoolsActor.Props(new()
        {
            Node = node,
            Delivery = parts.Delivery,
            SiteActors = registry.Get<SiteRegion>(),
            Holdings = parts.Holdings,
            Facts = parts.Facts,
            Outbound = (_, route) => OutboundActor.Props(new(route, parts.Delivery, parts.Hostname, spool, parts.Time, Path.Combine(parts.DataDirectory, "tmp"))),
        }), "pools");
        _reports = system.ActorOf(ReportActor.Props(new()
        {
            Hostname = parts.Hostname,
            Spool = spool,
            Events = parts.Events,
            Logger = parts.Loggers.CreateLogger<ReportActor>(),
        }), "reports");
        var queue = new QueueActorParts
        {
            Node = node,
            Retry = parts.Retry,
            Delivery = parts.Delivery,
            Spool = spool,
            Events = parts.Events,
            Logger = parts.Loggers.CreateLogger<QueueActor>(),
            Suspended = parts.Suspended,
            Facts = parts.Facts,
            DeliveryActors = registry.Get<DeliveryRegion>(),
            Pools = _pools,
            Reports = _reports,
            Questions = Questions / _partitions.Count,
        };
        _queues = [.. Enumerable.Range(1, _partitions.Count).Select(number => system.ActorOf(QueueActor.Props(queue), $"queue-{number}"))];
        Reception = new(parts.Hostname, parts.Limits, parts.Relay, spool, parts.Events, parts.Closed, system.ActorOf(SessionsActor.Props, "sessions"),
            parts.Loggers.CreateLogger<Reception>(), parts.Time);
    }

    /// <summary>What listeners need.</summary>
    public Reception Reception { get; }

    /// <summary>Makes the actors and lets the spool hand over what it holds.</summary>
    public static RelayActors Start(ActorSystem system, RelayParts parts, Spool.Spool spool)
    {
        var actors = new RelayActors(system, parts, spool);
        spool.AdmissionChanged += actors.Heed;
        actors.Heed(spool.Admission);
        parts.Suspended.Changed += actors.Heed;
        spool.Start(actors.Arrive);
        actors._handover = HandoverNode.Start(system, parts, spool, actors.Reception);
        return actors;
    }

    /// <summary>Begins no delivery more, and returns when those in flight have ended and are recorded, connections closed and leases given back; or when <paramref name="cancellation"/> comes: then
    /// what still runs is cut off, to be tried again.</summary>
    public async Task EndDeliveriesAsync(CancellationToken cancellation)
    {
        _spool.AdmissionChanged -= Heed;
        TellAll(new QueueProtocol.Pause());
        try
        {
            await _pools.Ask<SitePoolProtocol.Drained>(new SitePoolProtocol.Drain(), Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _system.Stop(_pools);
        }
        // What the pools told the queues stands in their mailboxes before this question: when it is answered, every end has been recorded.
        await Task.WhenAll(_queues.Select(queue => queue.Ask<QueueProtocol.Inspection>(new QueueProtocol.Inspect(null, 0), TimeSpan.FromSeconds(10), CancellationToken.None))).ConfigureAwait(false);
    }

    /// <summary>Takes no mail of leaving peers any more.</summary>
    public void EndReceiving() => _handover?.EndReceiving();

    /// <summary>Gives all mail to the peers. Deliveries have ended; the queue and the reports let go of it for good. What is left when time is up stays in the spool, and is told in the log.</summary>
    public async Task<HandoverOutcome> HandOverAsync(HandoverWish.Yes wish, TimeSpan time, CancellationToken cancellation)
    {
        foreach (var queue in _queues)
        {
            while (await queue.Ask<QueueProtocol.LetGone>(new QueueProtocol.LetGo(), Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false) is { Remaining: > 0 })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellation).ConfigureAwait(false);
            }
        }
        // After the queues: the last thing that they did may have been to owe a report.
        await _reports.Ask<ReportProtocol.LetGone>(new ReportProtocol.LetGo(), Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false);
        return await _handover!.HandOverAsync(wish, time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Closes what peers reach of the spool; it closes next.</summary>
    public ValueTask EndHandoverAsync() => _handover?.DisposeAsync() ?? default;

    private void Arrive(IReadOnlyList<Arrival> arrivals) =>
        _partitions.Split(arrivals, (partition, part) => _queues[partition].Tell(new QueueProtocol.Arrived(part), ActorRefs.NoSender));

    /// <summary>Nothing is sent whose end cannot be recorded.</summary>
    private void Heed(SpoolAdmission admission) => TellAll(admission == SpoolAdmission.Unhealthy ? new QueueProtocol.Pause() : new QueueProtocol.Resume());

    /// <summary>What is suspended is read anew; a queue actor that has been made meanwhile has read it already.</summary>
    private void Heed(IReadOnlyList<DomainName> suspensions) => TellAll(new QueueProtocol.SuspensionsChanged(suspensions));

    private void TellAll(object message)
    {
        foreach (var queue in _queues)
        {
            queue.Tell(message, ActorRefs.NoSender);
        }
    }
}
