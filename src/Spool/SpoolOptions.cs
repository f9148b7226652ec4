namespace MailCluster.Spool;

/// <summary>Where the spool is and how it uses the disk.</summary>
public sealed class SpoolOptions
{
    /// <summary>The folder; created where missing. One process at a time.</summary>
    public required string Directory { get; init; }

    /// <summary>Octets of content that may stand in memory for all messages together. Default: 64 MiB. Past it, content goes to files and first deliveries read from the disk.</summary>
    public long ContentMemory { get; init; } = 64 << 20;

    /// <summary>Octets of a segment file. Default: 64 MiB.</summary>
    public long SegmentSize { get; init; } = 64 << 20;

    /// <summary>Content over this goes to a file of its own. Default: 1 MiB.</summary>
    public long LargeContent { get; init; } = 1 << 20;

    /// <summary>Free octets of the disk below which new mail is refused. Default: 256 MiB.</summary>
    public long MinimumFree { get; init; } = 256 << 20;

    /// <summary>Free inodes below which new mail is refused. Default: 1000.</summary>
    public long MinimumFreeInodes { get; init; } = 1000;

    /// <summary>Octets of a log below which nothing is carried forward while mail comes in. Default: 256 MiB.</summary>
    public long ReclaimAbove { get; init; } = 256 << 20;

    /// <summary>The clock of probes and of idle work.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The disk; another one in tests.</summary>
    internal SpoolDisk Disk { get; init; } = new();
}
