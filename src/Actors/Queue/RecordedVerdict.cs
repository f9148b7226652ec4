using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>A verdict, with what the spool records beside it.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Attempts">Attempts in all; for the log this one included.</param>
/// <param name="NextAttempt">When the recipients that stay open are due.</param>
/// <param name="Verdict">The verdict.</param>
internal readonly record struct RecordedVerdict(EntryRef Entry, int Attempts, DateTimeOffset NextAttempt, AttemptVerdict Verdict);
