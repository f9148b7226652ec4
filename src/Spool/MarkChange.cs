namespace MailCluster.Spool;

/// <summary>What becomes of a message in the index once its record is durable.</summary>
internal readonly record struct MarkChange(PendingMark Source, int Slot, RecordHeader Header, long Offset, string? Receiver);
