namespace MailCluster.Actors.Outbound;

/// <summary>How long the client waits, step by step (RFC 5321 section 4.5.3.2; <c>mailcluster.delivery.timeouts</c>).</summary>
public sealed class OutboundTimeouts
{
    /// <summary>For one host's connection. Default: 30 seconds.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For the greeting. Default: 5 minutes.</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the reply to EHLO or HELO. Default: 5 minutes.</summary>
    public TimeSpan Ehlo { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the reply to MAIL. Default: 5 minutes.</summary>
    public TimeSpan Mail { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the reply to RCPT. Default: 5 minutes.</summary>
    public TimeSpan Rcpt { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the reply to DATA. Default: 2 minutes.</summary>
    public TimeSpan Data { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For each block of content to be taken. Default: 3 minutes.</summary>
    public TimeSpan DataBlock { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>For the reply to the end of data. Default: 10 minutes. A shorter wait delivers mail twice: the peer has accepted, we have not heard.</summary>
    public TimeSpan DataTermination { get; init; } = TimeSpan.FromMinutes(10);
}
