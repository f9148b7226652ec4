using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>What the site pools of a node work with.</summary>
public sealed record SitePoolParts
{
    /// <summary>This node, as site actors know it.</summary>
    public required NodeId Node { get; init; }

    /// <summary>How mail leaves.</summary>
    public required DeliveryOptions Delivery { get; init; }

    /// <summary>The region of the site actors.</summary>
    public required IActorRef SiteActors { get; init; }

    /// <summary>Makes an outbound actor, which is one connection to the hosts of a route; its pool is its parent.</summary>
    public required Func<SiteKey, Route.To, Props> Outbound { get; init; }

    /// <summary>Where this node's leases are published.</summary>
    public required LeaseHoldings Holdings { get; init; }

    /// <summary>What this node keeps of sites.</summary>
    public FactStore Facts { get; init; } = new();

    /// <summary>This node's outbound connections, for all its pools.</summary>
    public ConnectionBudget Connections => field ??= new(Delivery.Connections);

    /// <summary>This node's questions to site actors.</summary>
    public LeaseQuestions Questions { get; } = new();

    /// <summary>Where this node's lease requests are numbered.</summary>
    public RequestNumbers Numbers { get; } = new();
}
