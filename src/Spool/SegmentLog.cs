namespace MailCluster.Spool;

/// <summary>One of the two logs: its segments in order, the last of which is being written.</summary>
internal sealed class SegmentLog(LogKind kind, string directory)
{
    /// <summary>Which.</summary>
    public LogKind Kind => kind;

    /// <summary>Where its segments are.</summary>
    public string Directory => directory;

    /// <summary>All segments that hold records, oldest first.</summary>
    public LinkedList<Segment> Segments { get; } = new();

    /// <summary>The one being written; null where the next record needs a new one.</summary>
    public Segment? Active { get; set; }

    /// <summary>The last segment that holds records, or 0: the next one names it and its end.</summary>
    public uint LastNumber { get; set; }

    /// <summary>Where that one ends.</summary>
    public long LastEnd { get; set; }

    /// <summary>True from a failed write until a later segment says where the failed one ends: before that nothing may be dropped, since a record that failed could come back.</summary>
    public bool HasLooseEnd { get; set; }

    /// <summary>The next segment, made ahead of its use.</summary>
    public Segment? Prepared { get; set; }

    /// <summary>True while it is being made.</summary>
    public bool IsPreparing { get; set; }

    /// <summary>Octets in all segments.</summary>
    public long Octets => Segments.Sum(static segment => segment.End);

    /// <summary>Octets that are a message's newest copy.</summary>
    public long LiveOctets => Segments.Sum(static segment => segment.LiveOctets);
}
