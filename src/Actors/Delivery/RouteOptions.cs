using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>A static route (<c>mailcluster.routes</c>): mail for the domain goes there, without MX lookup, to loopback too.</summary>
/// <param name="Domain">The domain; null for <c>*</c>, all that no other route names.</param>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port.</param>
public sealed record RouteOptions(DomainName? Domain, string Host, int Port);
