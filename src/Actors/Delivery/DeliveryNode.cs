using MailCluster.Actors.Queue;

namespace MailCluster.Actors.Delivery;

/// <summary>What the delivery actors of one node share.</summary>
/// <param name="Resolver">Asks the name servers.</param>
/// <param name="Retry">The back-off of a domain that is down.</param>
/// <param name="QueuePerDomain">Recipients that may wait for one domain in the whole cluster.</param>
public sealed record DeliveryNode(MailExchangerResolver Resolver, RetryOptions Retry, long QueuePerDomain);
