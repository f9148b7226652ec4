namespace MailCluster.Spool;

/// <summary>A live message on its way forward: what of its record does not change. Where its entries stand is added when the copy is composed.</summary>
/// <param name="Message">Its slot.</param>
/// <param name="Source">The segment of the older copy.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Loaded">Its envelope and states as they are there.</param>
/// <param name="Record">The older record, header to end of content, on the pinned heap.</param>
internal sealed record CarriedMessage(int Message, Segment Source, uint Offset, LoadedMessage Loaded, ReadOnlyMemory<byte> Record)
{
    /// <summary>Header, prefix, envelope and states of the copy, once composed.</summary>
    public ByteWriter? Head { get; set; }

    /// <summary>The content, where it is in the record.</summary>
    public ReadOnlyMemory<byte> Content => Record[(RecordHeader.Size + (int)Loaded.Header.CheckedLength)..];

    /// <summary>The entries by the number of their destination; -1 for those that have ended. Once composed.</summary>
    public int[] Entries { get; set; } = [];

    /// <summary>True where it has ever been marked, here or elsewhere. Once composed.</summary>
    public bool IsCounted { get; set; }

    /// <summary>How often. Once composed.</summary>
    public int Handovers { get; set; }

    /// <summary>For whom it is marked. Once composed.</summary>
    public HandoverTrailer Trailer { get; set; }

    /// <summary>The numbers of those entries.</summary>
    public StateRecord[] States { get; set; } = [];
}
