namespace MailCluster.Spool;

/// <summary>One message of a request.</summary>
/// <param name="Request">The request.</param>
/// <param name="Message">The message.</param>
/// <param name="Number">Of a mark: the number of the newest one that its record knows of; else the handover that it must be marked with.</param>
/// <param name="Times">Of one that is kept: what the queue is told again.</param>
internal readonly record struct PendingMark(MarkRequest Request, QueueId Message, int Number, KeptTimes? Times);
