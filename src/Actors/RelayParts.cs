using System.Collections.Immutable;
using System.Net;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Handover;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sessions;
using MailCluster.Actors.Sites;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors;

/// <summary>What the actors of a node are made with.</summary>
public sealed record RelayParts
{
    /// <summary>The node's name in EHLO, greeting and Received.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where the node listens: mail that leads back there is a loop.</summary>
    public required ImmutableArray<IPEndPoint> Listening { get; init; }

    /// <summary>What is taken from clients.</summary>
    public required LimitsOptions Limits { get; init; }

    /// <summary>Who may relay.</summary>
    public required RelayOptions Relay { get; init; }

    /// <summary>Name servers.</summary>
    public required DnsOptions Dns { get; init; }

    /// <summary>Static routes.</summary>
    public required ImmutableArray<RouteOptions> Routes { get; init; }

    /// <summary>How mail leaves.</summary>
    public required DeliveryOptions Delivery { get; init; }

    /// <summary>When it is tried again.</summary>
    public required RetryOptions Retry { get; init; }

    /// <summary>When a site is taken to be down.</summary>
    public required SiteOptions Sites { get; init; }

    /// <summary>The internal listener; null on a node without peers.</summary>
    public HandoverSettings? Handover { get; init; }

    /// <summary>Where fates are written.</summary>
    public required EventLog Events { get; init; }

    /// <summary>Where log lines go.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>The node's directory; absolute. What administrative rules and facts are kept in lies there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>What this node keeps of domains and sites for their sharded actors.</summary>
    public FactStore Facts { get; } = new();

    /// <summary>The domains that are full in the whole cluster.</summary>
    public ClosedDomains Closed { get; } = new();

    /// <summary>The domains that operators have suspended: the rules' actor's to write.</summary>
    public SuspendedDomains Suspended { get; } = new();

    /// <summary>What the site pools hold of leases: theirs to write, the site actors' to ask.</summary>
    public LeaseHoldings Holdings { get; } = new();

    /// <summary>The cluster as this node sees it: the fence's to write.</summary>
    public Membership Membership { get; } = new();
}
