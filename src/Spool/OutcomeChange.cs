namespace MailCluster.Spool;

/// <summary>What becomes of an entry in the index once the outcome's record is durable.</summary>
/// <param name="Source">What was told.</param>
/// <param name="Header">The record.</param>
/// <param name="Offset">Where it stands; -1 where nothing needed to be written.</param>
/// <param name="State">The numbers; of an entry that ends, open and owed are 0.</param>
/// <param name="Recipients">How each recipient stands, where the entry has several and this is known.</param>
internal readonly record struct OutcomeChange(PendingOutcome Source, RecordHeader Header, long Offset, StateRecord State, RecipientOutcome[]? Recipients)
{
    /// <summary>True where the entry ends.</summary>
    public bool Ends => State.Open == 0 && State.Owed == 0;
}
