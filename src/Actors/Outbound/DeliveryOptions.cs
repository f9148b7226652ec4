namespace MailCluster.Actors.Outbound;

/// <summary>How mail leaves (<c>mailcluster.delivery</c>).</summary>
public sealed class DeliveryOptions
{
    /// <summary>False: accept and queue only. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The port of mail exchangers. Default: 25.</summary>
    public int Port { get; init; } = 25;

    /// <summary>True lets MX records lead to loopback and unspecified addresses. Default: false; a static route may lead there always.</summary>
    public bool AllowLoopback { get; init; }

    /// <summary>Outbound connections of this node at a time, to all sites together. Default: 1000.</summary>
    /// <remarks>Each is a socket and some kilobytes. Sites share them equally when they do not suffice; mail without a connection waits in its queue.</remarks>
    public int Connections { get; init; } = 1000;

    /// <summary>Connections to one site at a time, in the whole cluster. Default: 10.</summary>
    public int ConnectionsPerSite { get; init; } = 10;

    /// <summary>Messages over one connection; then it is closed. Default: 100.</summary>
    public int MessagesPerConnection { get; init; } = 100;

    /// <summary>Recipients of one transaction. Default: 100.</summary>
    public int RecipientsPerMessage { get; init; } = 100;

    /// <summary>Due jobs that a site's pool holds at most; the rest stay in their destination's queue. Default: 256.</summary>
    public int MaxReady { get; init; } = 256;

    /// <summary>How long a connection without work stays open. Default: 10 seconds.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The client's waits.</summary>
    public OutboundTimeouts Timeouts { get; init; } = new();
}
