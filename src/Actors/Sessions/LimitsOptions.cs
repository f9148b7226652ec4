namespace MailCluster.Actors.Sessions;

/// <summary>What one node takes from clients (<c>mailcluster.limits</c>).</summary>
public sealed class LimitsOptions
{
    /// <summary>Octets of a message's content. Default: 50 MiB.</summary>
    public long MessageSize { get; init; } = 50L << 20;

    /// <summary>Recipients of a transaction. Default: 1000; at least 100 (RFC 5321 section 4.5.3.1.8).</summary>
    public int Recipients { get; init; } = 1000;

    /// <summary>Connections in all. Default: 10000.</summary>
    public int Connections { get; init; } = 10_000;

    /// <summary>Connections of one client address. Default: 1000.</summary>
    public int ConnectionsPerClient { get; init; } = 1000;

    /// <summary>The wait for a command, and for the next octets of content. Default: 5 minutes (RFC 5321 section 4.5.3.2.7).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From MAIL to the end of data. Default: 30 minutes. Ends clients that drip.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Transactions over one connection. Default: 10000.</summary>
    public int TransactionsPerConnection { get; init; } = 10_000;

    /// <summary>Refused commands in a session until it is ended with 421. Default: 20.</summary>
    public int Errors { get; init; } = 20;

    /// <summary>Octets of a line of content without CRLF. Default: 998 (RFC 5322 section 2.1.1).</summary>
    public int LineLength { get; init; } = 998;

    /// <summary>Received fields; more is a loop. Default: 100 (RFC 5321 section 6.3).</summary>
    public int ReceivedFields { get; init; } = 100;

    /// <summary>Recipients that the node's queue holds. Default: from the memory limit, at most 1000000.</summary>
    public long Queue { get; init; } = 1_000_000;

    /// <summary>Recipients that wait for one domain in the whole cluster. Default: 1000000.</summary>
    public long QueuePerDomain { get; init; } = 1_000_000;
}
