namespace MailCluster.Spool;

/// <summary>
/// What one write and one sync make durable in one log: the unit of acceptance. Whoever wants a second copy of what is accepted ships these records, in
/// this order, before <see cref="Writers"/> are woken.
/// </summary>
internal sealed class Batch(SegmentLog log)
{
    private static readonly byte[] Padding = GC.AllocateArray<byte>(RecordHeader.Alignment, pinned: true);

    private readonly byte[] _segmentHeader = GC.AllocateArray<byte>(SegmentHeader.Size, pinned: true);

    /// <summary>The log it goes to.</summary>
    public SegmentLog Log => log;

    /// <summary>The segment it goes to.</summary>
    public Segment? Segment { get; private set; }

    /// <summary>Where in it.</summary>
    public long Offset { get; private set; }

    /// <summary>Octets so far.</summary>
    public long Length { get; private set; }

    /// <summary>Messages in it, with where their records begin.</summary>
    public List<(SpoolWriter Writer, RecordHeader Header, long Offset)> Writers { get; } = [];

    /// <summary>Outcomes in it.</summary>
    public List<OutcomeChange> Outcomes { get; } = [];

    /// <summary>Marks in it, and ends of them.</summary>
    public List<MarkChange> Marks { get; } = [];

    /// <summary>Carried copies in it.</summary>
    public List<(CarriedMessage Message, RecordHeader Header, long Offset)> Carried { get; } = [];

    /// <summary>The records of outcomes and of marks; they stand behind the messages.</summary>
    public ByteWriter OutcomeBytes { get; } = new(64 << 10);

    /// <summary>The carried copies; they stand behind the outcomes.</summary>
    public List<ReadOnlyMemory<byte>> CarriedVectors { get; } = [];

    /// <summary>What is written, in order.</summary>
    public List<ReadOnlyMemory<byte>> Vectors { get; } = [];

    /// <summary>True where there is nothing to write.</summary>
    public bool IsEmpty => Writers.Count == 0 && Outcomes.Count == 0 && Marks.Count == 0 && Carried.Count == 0 && !IsProbe;

    /// <summary>True where it has a record that only shows that the disk takes writes.</summary>
    public bool IsProbe { get; set; }

    /// <summary>True before the first record.</summary>
    public bool IsFirst { get; private set; } = true;

    /// <summary>Octets that still fit into the segment.</summary>
    public long Room => Segment is null ? 0 : Segment.Size - Offset - Length;

    /// <summary>Begins a batch.</summary>
    public void Begin(Segment segment, in SegmentHeader? header)
    {
        Segment = segment;
        Offset = segment.End;
        Length = 0;
        IsFirst = true;
        Clear();
        if (header is { } first)
        {
            first.Write(_segmentHeader);
            Vectors.Add(_segmentHeader);
            Length = SegmentHeader.Size;
        }
    }

    /// <summary>Lets go of all that it holds.</summary>
    public void Clear()
    {
        IsProbe = false;
        Writers.Clear();
        Outcomes.Clear();
        Marks.Clear();
        Carried.Clear();
        OutcomeBytes.Reset();
        Vectors.Clear();
        CarriedVectors.Clear();
    }

    /// <summary>The flags of the next record; counts it.</summary>
    public RecordFlags Next(long length, out long offset)
    {
        offset = Offset + Length;
        Length += length;
        var flags = IsFirst ? RecordFlags.BatchStart : RecordFlags.None;
        IsFirst = false;
        return flags;
    }

    /// <summary>Adds the padding behind so many octets.</summary>
    public static void Pad(List<ReadOnlyMemory<byte>> vectors, long length)
    {
        if ((length & (RecordHeader.Alignment - 1)) is > 0 and var over)
        {
            vectors.Add(Padding.AsMemory(0, (int)(RecordHeader.Alignment - over)));
        }
    }
}
