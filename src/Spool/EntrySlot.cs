namespace MailCluster.Spool;

/// <summary>A message's recipients at one destination, in the index.</summary>
internal struct EntrySlot
{
    /// <summary>The message's slot.</summary>
    public int Message;
    /// <summary>The next entry of the message, or -1. In a free slot: the next free one.</summary>
    public int Next;
    /// <summary>The number of its destination in the envelope.</summary>
    public int Number;
    /// <summary>Its destination in the table of domains.</summary>
    public int Domain;
    /// <summary>Recipients that wait.</summary>
    public int Open;
    /// <summary>Recipients that a report is owed for.</summary>
    public int Owed;
    /// <summary>The newest state record's segment; 0 where the message's own record says all.</summary>
    public uint StateSegment;
    /// <summary>Where in it.</summary>
    public uint StateOffset;
    /// <summary>Attempts so far.</summary>
    public ushort Attempts;
    /// <summary>State records that must be read behind the newest.</summary>
    public byte Depth;
    /// <summary>What else is known.</summary>
    public EntryFlags Flags;
    /// <summary>Outcomes told and not yet durable.</summary>
    public int Pending;
}

/// <summary>What is known of an entry in the index.</summary>
[Flags]
internal enum EntryFlags : byte
{
    /// <summary>The slot is free.</summary>
    None = 0,
    /// <summary>The slot holds an entry that has not ended.</summary>
    Live = 1,
    /// <summary>The sender has been told of the delay.</summary>
    DelayReported = 2,
    /// <summary>It has one recipient in all.</summary>
    Single = 4,
    /// <summary>An outcome of it is in the batch that is being written; the next must wait for the next batch.</summary>
    InBatch = 8,
    /// <summary>The queue has not been told of it yet: what a report found at start does to it must be durable before.</summary>
    Withheld = 16,
}
