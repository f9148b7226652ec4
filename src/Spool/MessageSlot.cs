namespace MailCluster.Spool;

/// <summary>A message in the index.</summary>
internal struct MessageSlot
{
    /// <summary>The second half of its queue id.</summary>
    public ulong Number;
    /// <summary>Its newest copy's segment.</summary>
    public uint Segment;
    /// <summary>Where in it.</summary>
    public uint Offset;
    /// <summary>Octets of that record with header and padding.</summary>
    public uint Length;
    /// <summary>Its first entry; the others follow in a chain. In a free slot: the next free one.</summary>
    public int FirstEntry;
    /// <summary>Entries that have not ended.</summary>
    public int LiveEntries;
    /// <summary>The next message in the bucket of the table of numbers, or -1.</summary>
    public int NextInBucket;
    /// <summary>Where its content and envelope stand in memory, or -1.</summary>
    public int Hot;
    /// <summary>Which spool gave its number: 0 for ours.</summary>
    public ushort Spool;
    /// <summary>What else is known.</summary>
    public MessageFlags Flags;
}

/// <summary>What is known of a message in the index.</summary>
[Flags]
internal enum MessageFlags : ushort
{
    /// <summary>The slot is free.</summary>
    None = 0,
    /// <summary>The slot holds a message.</summary>
    Live = 1,
    /// <summary>Its content is in a file of its own.</summary>
    LargeContent = 2,
    /// <summary>It cannot be read; it keeps its slot so that whoever holds an entry of it is told so.</summary>
    SetAside = 4,
    /// <summary>It was set aside, and a copy of it is in <c>corrupt/</c>.</summary>
    LetGo = 8,
    /// <summary>It is marked as handing over: the queue does not have it.</summary>
    HandingOver = 16,
    /// <summary>Its record is a snapshot whose prefix says how often it has been marked.</summary>
    Counted = 32,
    /// <summary>A mark of it, or the end of one, is in the batch that is being written.</summary>
    InBatch = 64,
}
