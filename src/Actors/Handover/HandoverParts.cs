using MailCluster.Actors.Events;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Handover;

/// <summary>What the donor's side is made with.</summary>
public sealed record HandoverParts
{
    /// <summary>Our name in EHLO.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where the mail is.</summary>
    public required Spool.Spool Spool { get; init; }

    /// <summary>The members that can be reached, asked anew each time.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<HandoverPeer>>> Peers { get; init; }

    /// <summary>Null for clear text.</summary>
    public required HandoverTls? Tls { get; init; }

    /// <summary>The event log.</summary>
    public required EventLog Events { get; init; }

    /// <summary>Log lines.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where the spool is, for what is said of mail that stays.</summary>
    public required string Directory { get; init; }

    /// <summary>Connections to one receiver: while one waits for its marks or for the receiver's disk, others send.</summary>
    public int ConnectionsPerPeer { get; init; } = 8;

    /// <summary>Messages that are marked with one sync and sent in one go.</summary>
    public int Batch { get; init; } = 50;

    /// <summary>How long a receiver that takes nothing is left alone, and how often members are asked anew.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(2);
}
