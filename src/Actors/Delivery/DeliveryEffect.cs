using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Delivery;

/// <summary>What a domain's state wants done.</summary>
internal abstract record DeliveryEffect
{
    private DeliveryEffect() { }

    /// <summary>Resolve the domain. Answers older than <paramref name="MaxAge"/> are asked for anew.</summary>
    public sealed record Resolve(TimeSpan MaxAge) : DeliveryEffect;

    /// <summary>Tell every member's sessions whether the domain is closed.</summary>
    public sealed record Announce(DeliveryProtocol.Closing Closing) : DeliveryEffect;

    /// <summary>Tell a node.</summary>
    public sealed record Tell(NodeId Node, DeliveryProtocol.Decision Decision) : DeliveryEffect;
}
