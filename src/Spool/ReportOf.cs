using System.Collections.Immutable;

namespace MailCluster.Spool;

/// <summary>Names the recipients that a report of ours speaks of, in the envelope of the report: so that its commit and the end of what it reports are one record.</summary>
/// <param name="Kind">What it tells. <see cref="ReportKind.Delayed"/> closes nothing: it marks the entries as told of the delay.</param>
/// <param name="Id">The message it speaks of.</param>
/// <param name="Recipients">Of that message.</param>
public sealed record ReportOf(ReportKind Kind, QueueId Id, ImmutableArray<ReportedRecipient> Recipients);
