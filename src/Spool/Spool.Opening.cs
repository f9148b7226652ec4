using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// How the spool is opened.
public sealed partial class Spool
{
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

    /// <summary>The segments of a log that hold records, in order, each with where it ends where that is known.</summary>
    private List<(Segment Segment, long? End)> FindSegments(SegmentLog log)
    {
        var found = new List<(Segment Segment, SegmentHeader? Header)>();
        var bytes = new byte[SegmentHeader.Size];
        var paths = Directory.EnumerateFiles(log.Directory, "*.seg").Order(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (!uint.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                continue;
            }
            _segmentNumber = Math.Max(_segmentNumber, number);
            var file = Disk.OpenRead(path);
            var segment = new Segment(log.Kind, number, path, file, RandomAccess.GetLength(file)) { IsSealed = true };
            var read = Disk.Read(file, bytes, 0);
            if (SegmentHeader.TryRead(bytes.AsSpan(0, read), out var header))
            {
                if (header.Number != number || header.Log != log.Kind || header.Spool != Id)
                {
                    Note(new(path, default, "The segment is of another place or another spool; it is not read."));
                    segment.Release();
                    continue;
                }
                _number = Math.Max(_number, (long)header.NumberCeiling);
                found.Add((segment, header));
            }
            else if (bytes.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                found.Add((segment, null));
            }
            else
            {
                // Made ahead, and never written.
                segment.Release();
                _unused.Add(path);
            }
        }
        var chained = new List<(Segment, long?)>();
        // From the newest back: each names the one before it and its end; what stands between was given up after a failed write.
        SegmentHeader? after = null;
        for (var i = found.Count - 1; i >= 0; i--)
        {
            var (segment, header) = found[i];
            if (after is { } successor && segment.Number > successor.Previous)
            {
                segment.Release();
                _unused.Add(segment.Path);
                continue;
            }
            if (after is { } gap && gap.Previous != segment.Number)
            {
                Note(new(_layout.Segment(log.Kind, gap.Previous), default, "The segment is missing."));
            }
            if (header is null)
            {
                Note(new(segment.Path, default, "The segment's header is damaged."));
            }
            chained.Add((segment, after?.Previous == segment.Number ? after.Value.PreviousEnd : null));
            after = header;
        }
        chained.Reverse();
        return chained;
    }

    private void Note(SpoolDamage damage)
    {
        _damage.Add(damage);
        _damageCount++;
    }
}
