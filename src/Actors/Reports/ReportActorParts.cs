using MailCluster.Actors.Events;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Reports;

/// <summary>What the report actor of a node works with.</summary>
public sealed record ReportActorParts
{
    /// <summary>This host's name, in the reports.</summary>
    public required string Hostname { get; init; }

    /// <summary>Where reports are committed.</summary>
    public required Spool.Spool Spool { get; init; }

    /// <summary>Where their reception is told.</summary>
    public required EventLog Events { get; init; }

    /// <summary>Where a line for each goes.</summary>
    public required ILogger Logger { get; init; }
}
