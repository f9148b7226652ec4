namespace MailCluster.Spool.CrashWorker;

/// <summary>A mail that has not ended, as the worker knows it. Its lock guards it.</summary>
internal sealed class Mail(MailPlan plan)
{
    /// <summary>What it is, and what becomes of it.</summary>
    public MailPlan Plan => plan;

    /// <summary>Its name in the spool.</summary>
    public QueueId Id { get; set; }

    /// <summary>Entries that have not ended, by destination.</summary>
    public Dictionary<int, MailEntry> Entries { get; } = [];

    /// <summary>Recipients that a report has been begun for.</summary>
    public HashSet<ReportedRecipient> Reported { get; } = [];
}
