using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>What a crash leaves at the end of the last segment, and what stands there that never was a record.</summary>
public sealed class TailTests : IDisposable
{
    private readonly string _directory = SpoolFixture.NewDirectory();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>A copy of a spool in use, as kill -9 leaves it: no sidecar of the last segment.</summary>
    internal static string Copy(string directory)
    {
        var copy = SpoolFixture.NewDirectory();
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(path) is "lock" || path.Contains("reserve", StringComparison.Ordinal))
            {
                continue;
            }
            var target = Path.Combine(copy, Path.GetRelativePath(directory, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
        }
        foreach (var folder in (string[])["incoming", "deferred", "large", "corrupt", "reserve"])
        {
            Directory.CreateDirectory(Path.Combine(copy, folder));
        }
        return copy;
    }

    private static SpoolOptions Options(string directory) => new() { Directory = directory, SegmentSize = 64 << 10, MinimumFree = 0 };

    private static string LastWritten(string directory) => Directory.EnumerateFiles(Path.Combine(directory, "incoming"), "*.seg").Order(StringComparer.Ordinal)
        .Last(static path => File.ReadAllBytes(path).AsSpan().ContainsAnyExcept((byte)0));

    [Fact]
    public async Task A_last_segment_cut_at_any_octet_keeps_every_record_before_the_cut()
    {
        string copy;
        var ends = new List<(QueueId Id, long End)>();
        await using (var spool = Spool.Open(Options(_directory)))
        {
            spool.Start(static _ => { });
            for (var i = 0; i < 8; i++)
            {
                var id = await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(40 + i, i));
                ends.Add((id, spool.Segments.Last().End));
            }
            copy = Copy(_directory);
        }
        try
        {
            var segment = LastWritten(copy);
            var whole = File.ReadAllBytes(segment);
            var end = (int)ends[^1].End;
            for (var length = end; length >= 0; length--)
            {
                await using (var stream = new FileStream(segment, FileMode.Open))
                {
                    stream.SetLength(length);
                }
                await using var spool = Spool.Open(Options(copy));
                Assert.Equal(ends.Where(message => message.End <= length).Select(static message => message.Id), spool.Messages().Order(Comparer<QueueId>.Create(static (a, b) => a.Number.CompareTo(b.Number))));
                Assert.Empty(spool.DamageAtOpen);
                Assert.Equal(length, new FileInfo(segment).Length);
            }
            Assert.Equal(end, whole.AsSpan().LastIndexOfAnyExcept((byte)0) / 8 * 8 + 8);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task A_torn_octet_in_the_last_write_ends_the_segment_and_one_before_a_later_write_is_damage()
    {
        string copy;
        var ids = new List<QueueId>();
        var ends = new List<long> { 64 };
        await using (var spool = Spool.Open(Options(_directory)))
        {
            spool.Start(static _ => { });
            for (var i = 0; i < 3; i++)
            {
                ids.Add(await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(40, i)));
                ends.Add(spool.Segments.Last().End);
            }
            copy = Copy(_directory);
        }
        try
        {
            var segment = LastWritten(copy);
            var whole = File.ReadAllBytes(segment);
            for (var octet = 64; octet < ends[^1]; octet++)
            {
                var damaged = (byte[])whole.Clone();
                damaged[octet] ^= 0x10;
                File.WriteAllBytes(segment, damaged);
                await using var spool = Spool.Open(Options(copy));
                var hit = ends.FindLastIndex(end => end <= octet);
                var there = spool.Messages().ToHashSet();
                var others = ids.Where((_, i) => i != hit).ToHashSet();
                Assert.Superset(others, there);
                if (!there.Contains(ids[hit]))
                {
                    // Behind it stands a write that was begun only after the damaged one had been synced: so it is no torn tail.
                    Assert.Equal(hit < 2 ? 1 : 0, spool.DamageAtOpen.Count);
                }
            }
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task Old_records_behind_the_end_and_records_of_other_places_are_never_read()
    {
        string copy;
        await using (var spool = Spool.Open(Options(_directory)))
        {
            spool.Start(static _ => { });
            for (var i = 0; i < 60; i++)
            {
                // Content that imitates a record as well as its sender can know one.
                await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(2000, i));
            }
            copy = Copy(_directory);
        }
        try
        {
            var segments = Directory.EnumerateFiles(Path.Combine(copy, "incoming"), "*.seg").Order(StringComparer.Ordinal).ToList();
            var last = LastWritten(copy);
            var whole = File.ReadAllBytes(last);
            var end = whole.AsSpan().LastIndexOfAnyExcept((byte)0) / 8 * 8 + 8;
            List<QueueId> expected;
            await using (var spool = Spool.Open(Options(copy)))
            {
                expected = [.. spool.Messages()];
            }
            Assert.Equal(60, expected.Count);
            var other = File.ReadAllBytes(segments[0]).AsSpan(64, 8000).ToArray();
            var own = whole.AsSpan(64, (end - 64) / 2).ToArray();
            foreach (var stale in (byte[][])[other, own, [.. own, .. other]])
            {
                var dirty = (byte[])whole.Clone();
                stale.AsSpan(0, Math.Min(stale.Length, dirty.Length - end)).CopyTo(dirty.AsSpan(end));
                File.WriteAllBytes(last, dirty);
                await using var spool = Spool.Open(Options(copy));
                Assert.Equal(expected.ToHashSet(), spool.Messages().ToHashSet());
                Assert.Empty(spool.DamageAtOpen);
            }
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task Opening_writes_nothing()
    {
        await using (var spool = Spool.Open(Options(_directory)))
        {
            spool.Start(static _ => { });
            await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(2000, 1));
        }
        var disk = new FaultyDisk { FailAt = 1, Failures = int.MaxValue };
        var options = new SpoolOptions { Directory = _directory, SegmentSize = 64 << 10, MinimumFree = 0, Disk = disk };
        await using (var spool = Spool.Open(options))
        {
            Assert.Single(spool.Messages());
        }
        Assert.Equal(0, disk.Steps);
    }
}
