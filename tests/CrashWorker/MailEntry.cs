namespace MailCluster.Spool.CrashWorker;

/// <summary>An entry that has not ended, as the worker knows it.</summary>
internal sealed class MailEntry(Mail mail, int destination, EntryRef entry)
{
    /// <summary>Whose.</summary>
    public Mail Mail => mail;

    /// <summary>The number of its destination.</summary>
    public int Destination => destination;

    /// <summary>Its name in this process.</summary>
    public EntryRef Ref => entry;

    /// <summary>Outcomes recorded.</summary>
    public int Outcomes { get; set; }

    /// <summary>Where its recipients stand.</summary>
    public (RecipientStatus Status, int Since)[] States => mail.Plan.States(destination, Outcomes);

    /// <summary>True while somebody waits for an attempt.</summary>
    public bool IsOpen => Waiting.Any();

    /// <summary>Those who wait for one. A recipient that has been reported does not, even where the outcome that the report spoke of was lost in a crash.</summary>
    public IEnumerable<ReportedRecipient> Waiting => States.Select((state, recipient) => (state, name: new ReportedRecipient(destination, recipient)))
        .Where(pair => pair.state.Status == RecipientStatus.Open && !mail.Reported.Contains(pair.name)).Select(static pair => pair.name);

    /// <summary>Recipients that a report is owed for and none has been begun for.</summary>
    public IEnumerable<ReportedRecipient> Owed(RecipientStatus status) => States.Select((state, recipient) => (state, name: new ReportedRecipient(destination, recipient)))
        .Where(pair => pair.state.Status == status && !mail.Reported.Contains(pair.name)).Select(static pair => pair.name);
}
