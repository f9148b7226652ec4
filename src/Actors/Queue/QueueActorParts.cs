using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Wire;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Queue;

/// <summary>What a queue actor works with; the same for all partitions of a node.</summary>
public sealed record QueueActorParts
{
    /// <summary>This node, as delivery actors know it.</summary>
    public required NodeId Node { get; init; }

    /// <summary>When recipients are tried again.</summary>
    public required RetryOptions Retry { get; init; }

    /// <summary>How mail leaves; with delivery disabled nothing is handed out or asked.</summary>
    public required DeliveryOptions Delivery { get; init; }

    /// <summary>The durable queue.</summary>
    public required Spool.Spool Spool { get; init; }

    /// <summary>Where fates are written.</summary>
    public required EventLog Events { get; init; }

    /// <summary>Where one line per recipient and attempt goes.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The domains that operators have suspended.</summary>
    public required SuspendedDomains Suspended { get; init; }

    /// <summary>What this node keeps of domains.</summary>
    public FactStore Facts { get; init; } = new();

    /// <summary>The region of the delivery actors.</summary>
    public required IActorRef DeliveryActors { get; init; }

    /// <summary>The parent of the node's site pools.</summary>
    public required IActorRef Pools { get; init; }

    /// <summary>The node's report actor.</summary>
    public required IActorRef Reports { get; init; }

    /// <summary>How many questions to delivery actors may be unanswered at a time: the node's 5,000, divided by its queue actors.</summary>
    public required int Questions { get; init; }
}
