namespace MailCluster.Spool;

/// <summary>An outcome on its way to the disk.</summary>
/// <param name="Entry">The entry's slot.</param>
/// <param name="Outcome">What to record; null where all open recipients were delivered.</param>
/// <param name="Effect">Where it is what a report's commit does to the message reported.</param>
/// <param name="Order">Rises in the order they were told.</param>
internal readonly record struct PendingOutcome(int Entry, EntryOutcome? Outcome, ReportEffect? Effect, long Order);

/// <summary>What the commit of a report does to one entry of the message that it reports.</summary>
/// <param name="report">What it reports.</param>
/// <param name="number">The second half of the report's own name.</param>
/// <param name="destination">The entry's destination.</param>
internal sealed class ReportEffect(ReportOf report, ulong number, int destination)
{
    /// <summary>What it reports.</summary>
    public ReportOf Report => report;

    /// <summary>The second half of the report's own name.</summary>
    public ulong Number => number;

    /// <summary>The entry's destination.</summary>
    public int Destination => destination;

    /// <summary>The report's segment, once the report is durable: held until this effect is, too.</summary>
    public Segment? Holds { get; set; }
}
