using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

/// <summary>One file of a log.</summary>
internal sealed class Segment(LogKind log, uint number, string path, SafeFileHandle file, long size)
{
    private int _references = 1;

    /// <summary>Its log.</summary>
    public LogKind Log => log;

    /// <summary>Its number.</summary>
    public uint Number => number;

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Where its sidecar is, or will be.</summary>
    public string SidecarPath => System.IO.Path.ChangeExtension(path, ".idx");

    /// <summary>The open file.</summary>
    public SafeFileHandle File => file;

    /// <summary>Octets allocated.</summary>
    public long Size { get; set; } = size;

    /// <summary>Where the last durable record ends; 0 before the first.</summary>
    public long End { get; set; }

    /// <summary>Octets of the records that are a message's newest copy.</summary>
    public long LiveOctets { get; set; }

    /// <summary>Messages whose newest copy is here.</summary>
    public int LiveMessages { get; set; }

    /// <summary>Slots of the messages that were written here; some have ended or gone on since.</summary>
    public List<int> Members { get; } = [];

    /// <summary>Reports committed here whose effect on the message reported is not durable yet: it must not go before.</summary>
    public int Holds { get; set; }

    /// <summary>Segments that hold older copies of what was carried here: they must be gone before it goes, else their copies would come back.</summary>
    public HashSet<uint> CarriedFrom { get; } = [];

    /// <summary>The version of the set of received handovers in which the last one that only this segment told of was added; 0 for none. The file must have it before the segment goes.</summary>
    public long ReceivedVersion { get; set; }

    /// <summary>The version of its header.</summary>
    public ushort Version { get; set; } = SegmentHeader.Version;

    /// <summary>The rows of its sidecar; null once that is written.</summary>
    public SegmentRows? Rows { get; set; }

    /// <summary>True once nothing is written to it any more.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Keeps the file open.</summary>
    public void Hold() => Interlocked.Increment(ref _references);

    /// <summary>Lets the file be closed.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            file.Dispose();
        }
    }
}
