namespace MailCluster.Spool;

/// <summary>What is to be recorded of an entry after an attempt.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Attempts">Attempts made in all.</param>
/// <param name="NextAttempt">When the recipients still open are due; ignored where none is.</param>
/// <param name="Recipients">Those whose status or detail changed.</param>
public sealed record EntryOutcome(EntryRef Entry, int Attempts, DateTimeOffset NextAttempt, IReadOnlyList<RecipientOutcome> Recipients);
