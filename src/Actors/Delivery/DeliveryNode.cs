using MailCluster.Actors.Facts;
using MailCluster.Actors.Queue;

namespace MailCluster.Actors.Delivery;

/// <summary>What the delivery actors of one node share.</summary>
/// <param name="Resolver">Asks the name servers.</param>
/// <param name="Retry">The back-off of a domain that is down.</param>
/// <param name="QueuePerDomain">Recipients that may wait for one domain in the whole cluster.</param>
/// <param name="Closed">The domains that are closed, as this node has heard.</param>
/// <param name="Facts">What this node keeps of domains.</param>
public sealed record DeliveryNode(MailExchangerResolver Resolver, RetryOptions Retry, long QueuePerDomain, ClosedDomains Closed, FactStore Facts);
