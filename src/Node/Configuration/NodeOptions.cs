using System.Collections.Immutable;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sessions;
using MailCluster.Actors.Sites;
using MailCluster.Spool;
using RouteOptions = MailCluster.Actors.Delivery.RouteOptions;

namespace MailCluster.Node.Configuration;

/// <summary>The whole section <c>mailcluster</c>, valid.</summary>
public sealed class NodeOptions
{
    /// <summary>The node's name in EHLO, greeting and Received. Default: the machine's.</summary>
    public required string Hostname { get; init; }

    /// <summary>Holds spool, event log and lock; absolute. Default: <c>data</c>, beside the file.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>At least one.</summary>
    public required ImmutableArray<ListenerOptions> Listeners { get; init; }

    /// <summary>The load balancers whose PROXY header is believed. Default: none.</summary>
    public required ImmutableArray<IPNetwork> ProxyPeers { get; init; }

    /// <summary>Who may relay.</summary>
    public required RelayOptions Relay { get; init; }

    /// <summary>What is taken from clients.</summary>
    public required LimitsOptions Limits { get; init; }

    /// <summary>Name servers.</summary>
    public required DnsOptions Dns { get; init; }

    /// <summary>Static routes.</summary>
    public required ImmutableArray<RouteOptions> Routes { get; init; }

    /// <summary>How mail leaves.</summary>
    public required DeliveryOptions Delivery { get; init; }

    /// <summary>When it is tried again.</summary>
    public required RetryOptions Retry { get; init; }

    /// <summary>When a site is down.</summary>
    public required SiteOptions Sites { get; init; }

    /// <summary>The disk.</summary>
    public required SpoolOptions Spool { get; init; }

    /// <summary>The event log.</summary>
    public required EventLogOptions Events { get; init; }

    /// <summary>Health and metrics.</summary>
    public required HttpOptions Http { get; init; }

    /// <summary>What operators ask.</summary>
    public required AdminOptions Admin { get; init; }

    /// <summary>The other nodes.</summary>
    public required ClusterOptions Cluster { get; init; }

    /// <summary>The end.</summary>
    public required ShutdownOptions Shutdown { get; init; }

    /// <summary>The console.</summary>
    public required LogOptions Log { get; init; }
}
