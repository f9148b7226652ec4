using System.Globalization;

namespace MailCluster.Spool;

/// <summary>
/// The segments of a log, as they are found on the disk. Each names the one before it and where that ends; so what a failed write left behind there is
/// never read, and a segment that no other names is one that was given up.
/// </summary>
internal sealed class SegmentChain
{
    /// <summary>Those that hold records, in order, each with where it ends where that is known.</summary>
    public List<(Segment Segment, long? End)> Segments { get; } = [];

    /// <summary>What is wrong.</summary>
    public List<SpoolDamage> Damage { get; } = [];

    /// <summary>Files made ahead and never written, or given up.</summary>
    public List<string> Unused { get; } = [];

    /// <summary>The highest number of a file.</summary>
    public uint LastNumber { get; private set; }

    /// <summary>No queue id given so far has a number so high.</summary>
    public ulong NumberCeiling { get; private set; }

    /// <summary>No record of another segment than the last has a sequence so high.</summary>
    public ulong Sequence { get; private set; } = 1;

    /// <summary>Looks at the files of a log.</summary>
    public static SegmentChain Find(SpoolDisk disk, SpoolLayout layout, LogKind kind, ulong spool)
    {
        var chain = new SegmentChain();
        chain.Link(layout, kind, chain.Open(disk, layout, kind, spool));
        return chain;
    }

    private List<(Segment Segment, SegmentHeader? Header)> Open(SpoolDisk disk, SpoolLayout layout, LogKind kind, ulong spool)
    {
        var found = new List<(Segment Segment, SegmentHeader? Header)>();
        var bytes = new byte[SegmentHeader.Size];
        foreach (var path in Directory.EnumerateFiles(layout.Log(kind), "*.seg").Order(StringComparer.Ordinal))
        {
            if (!uint.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                continue;
            }
            LastNumber = Math.Max(LastNumber, number);
            var file = disk.OpenRead(path);
            var segment = new Segment(kind, number, path, file, RandomAccess.GetLength(file)) { IsSealed = true };
            var read = disk.Read(file, bytes, 0);
            if (SegmentHeader.TryRead(bytes.AsSpan(0, read), out var header))
            {
                if (header.Number != number || header.Log != kind || header.Spool != spool)
                {
                    Damage.Add(new(path, default, "The segment is of another place or another spool; it is not read."));
                    segment.Release();
                    continue;
                }
                NumberCeiling = Math.Max(NumberCeiling, header.NumberCeiling);
                Sequence = Math.Max(Sequence, header.Sequence);
                segment.Version = header.Format;
                found.Add((segment, header));
            }
            else if (bytes.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                found.Add((segment, null));
            }
            else
            {
                segment.Release();
                Unused.Add(path);
            }
        }
        return found;
    }

    private void Link(SpoolLayout layout, LogKind kind, List<(Segment Segment, SegmentHeader? Header)> found)
    {
        // From the newest back.
        SegmentHeader? after = null;
        for (var i = found.Count - 1; i >= 0; i--)
        {
            var (segment, header) = found[i];
            if (after is { } successor && segment.Number > successor.Previous)
            {
                segment.Release();
                Unused.Add(segment.Path);
                continue;
            }
            if (after is { } gap && gap.Previous != segment.Number)
            {
                Damage.Add(new(layout.Segment(kind, gap.Previous), default, "The segment is missing."));
            }
            // A torn first write leaves half a header, too; only what was followed by another is known to have been whole.
            if (header is null && after is not null)
            {
                Damage.Add(new(segment.Path, default, "The segment's header is damaged."));
            }
            Segments.Add((segment, after?.Previous == segment.Number ? after.Value.PreviousEnd : null));
            after = header;
        }
        Segments.Reverse();
    }
}
