namespace MailCluster.Spool;

/// <summary>The checked part of a message's record, read.</summary>
/// <param name="Header">The record's header.</param>
/// <param name="Prefix">What is known of the content.</param>
/// <param name="Envelope">The envelope.</param>
/// <param name="States">Of a snapshot: where the entries stood.</param>
internal sealed record LoadedMessage(RecordHeader Header, MessagePrefix Prefix, Envelope Envelope, ReadOnlyMemory<byte> States)
{
    private int[]? _starts;

    /// <summary>Of a snapshot: the states from one entry's on. From any thread.</summary>
    public ReadOnlySpan<byte> StatesFrom(int entry) => States.Span[(_starts ??= SnapshotStates.Starts(States.Span, Envelope.Destinations.Length))[entry]..];
}
