namespace MailCluster.Actors.Delivery;

/// <summary>Key of the region of delivery actors in the actor registry: tell it <see cref="DeliveryProtocol.IDeliveryMessage"/>s.</summary>
public sealed class DeliveryRegion;
