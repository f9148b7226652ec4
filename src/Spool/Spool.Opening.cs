using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// How the spool is opened.
public sealed partial class Spool
{
    // Files that no log names: made ahead, or given up. While one is there nothing is dropped: with the segment gone that leaves it out, it would pass for one of the log.
    // Added to by the committer, or before it starts; guarded by the gate.
    private readonly List<string> _unused = [];
    private readonly HashSet<QueueId> _keptLarge = [];
    private readonly List<Segment> _unfinished = [];
    private ulong _numberAtOpen;

    /// <summary>Opens the spool, or makes a new one, and reads what is in it. Writes nothing to one that exists, so it works on a full disk.</summary>
    /// <exception cref="IOException">The folder is locked by another process, or cannot be read; the message says which.</exception>
    public static Spool Open(SpoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var layout = new SpoolLayout(options.Directory);
        Directory.CreateDirectory(layout.Directory);
        var spoolLock = Lock(layout);
        try
        {
            var format = File.Exists(layout.Format) ? ReadFormat(options.Disk, layout) : Make(options.Disk, layout);
            var spool = new Spool(options, layout, format, spoolLock);
            spool.Recover();
            return spool;
        }
        catch
        {
            spoolLock.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Lock(SpoolLayout layout)
    {
        try
        {
            return File.OpenHandle(layout.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure)
        {
            throw new IOException($"The spool {layout.Directory} is in use by another process, or its lock file cannot be opened: {failure.Message}", failure);
        }
    }

    internal static SpoolFormat ReadFormat(SpoolDisk disk, SpoolLayout layout)
    {
        using var file = disk.OpenRead(layout.Format);
        Span<byte> bytes = stackalloc byte[256];
        return SpoolFormat.FromFile(bytes[..disk.Read(file, bytes, 0)], layout.Format);
    }

    private static SpoolFormat Make(SpoolDisk disk, SpoolLayout layout)
    {
        foreach (var folder in (ReadOnlySpan<string>)[layout.Incoming, layout.Deferred, layout.Large, layout.Corrupt, layout.Reserve])
        {
            Directory.CreateDirectory(folder);
        }
        if (Directory.EnumerateFiles(layout.Incoming, "*.seg").Any() || Directory.EnumerateFiles(layout.Deferred, "*.seg").Any())
        {
            throw new IOException($"{layout.Format} is missing, but there are segments: without the spool's id they cannot be read. Restore this file from a backup.");
        }
        var format = SpoolFormat.Create();
        // Under another name first: the name stands for a whole file.
        var unfinished = layout.Format + ".new";
        disk.Delete(unfinished);
        using (var file = disk.Create(unfinished))
        {
            disk.Write(file, [format.ToFile()], 0);
            disk.Sync(file);
        }
        disk.Rename(unfinished, layout.Format);
        disk.SyncDirectory(layout.Directory);
        return format;
    }

    private List<(Segment Segment, long? End)> FindSegments(SegmentLog log)
    {
        var chain = SegmentChain.Find(Disk, _layout, log.Kind, Id);
        chain.Damage.ForEach(Note);
        _speaksHandover |= chain.Segments.Exists(static found => found.Segment.Version == SegmentHeader.HandoverVersion);
        _unused.AddRange(chain.Unused);
        _segmentNumber = Math.Max(_segmentNumber, chain.LastNumber);
        _number = Math.Max(_number, (long)chain.NumberCeiling);
        _sequence = Math.Max(_sequence, chain.Sequence - 1);
        return chain.Segments;
    }
}
