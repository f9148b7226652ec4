using MailCluster.Spool;

namespace MailCluster.Actors.Reports;

/// <summary>What the reports of one message are to speak of.</summary>
/// <param name="Id">The message.</param>
/// <param name="Owed">Its entries with recipients that a report is owed for.</param>
/// <param name="Delayed">Its entries that are late, with the end of their lifetime.</param>
internal sealed record GatheredReport(QueueId Id, IReadOnlyCollection<EntryRef> Owed, IReadOnlyDictionary<EntryRef, DateTimeOffset> Delayed);
