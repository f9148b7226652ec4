using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Delivery;

/// <summary>Where a domain's mail goes, or why it goes nowhere.</summary>
public abstract record Route
{
    private Route() { }

    /// <summary>To these hosts.</summary>
    /// <param name="Site">The site they make up.</param>
    /// <param name="Hosts">Sorted by preference; at least one. Loopback and ourselves are already cut off.</param>
    public sealed record To(SiteKey Site, ImmutableArray<RouteHost> Hosts) : Route;

    /// <summary>Nowhere: no such domain, null MX, DNS failure, nothing but ourselves. Permanent or not as the failure's reply says.</summary>
    public sealed record Nowhere(DeliveryFailure Failure) : Route;
}
