namespace MailCluster.Actors.Queue;

/// <summary>A waiting entry: 48 octets, and 12 of its timer. Everything else about it is on the disk.</summary>
internal struct QueuedEntry
{
    /// <summary>When its message was accepted: ticks, UTC.</summary>
    public long Arrived;
    /// <summary>When its next attempt is due by its own schedule: ticks, UTC.</summary>
    public long NextAttempt;
    /// <summary>Its place in the spool's index.</summary>
    public int Entry;
    /// <summary>The number of its destination.</summary>
    public int Destination;
    /// <summary>Recipients that wait.</summary>
    public int Open;
    /// <summary>Octets of content, cut off at 4 GiB.</summary>
    public uint Size;
    /// <summary>The next in the list that its state names.</summary>
    public int Next;
    /// <summary>The one before.</summary>
    public int Previous;
    /// <summary>Attempts made.</summary>
    public ushort Attempts;
    /// <summary>Who owns it.</summary>
    public EntryState State;
    /// <summary>What has been done about it.</summary>
    public EntryMarks Marks;

    /// <summary>When its message was accepted.</summary>
    public readonly DateTimeOffset ArrivedAt => new(Arrived, TimeSpan.Zero);

    /// <summary>When its next attempt is due.</summary>
    public readonly DateTimeOffset NextAttemptAt => new(NextAttempt, TimeSpan.Zero);
}
