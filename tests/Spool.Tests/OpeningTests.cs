using System.Buffers.Binary;

namespace MailCluster.Spool.Tests;

/// <summary>Who may open a spool, and which.</summary>
public sealed class OpeningTests : IDisposable
{
    private readonly string _directory = SpoolFixture.NewDirectory();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private SpoolOptions Options => new() { Directory = _directory, SegmentSize = 64 << 10, MinimumFree = 0 };

    [Fact]
    public async Task A_second_opener_is_told_who_has_it()
    {
        await using (Spool.Open(Options))
        {
            Assert.Contains("in use", Assert.Throws<IOException>(() => Spool.Open(Options)).Message, StringComparison.Ordinal);
            Assert.Contains("in use", Assert.Throws<IOException>(() => SpoolInspector.Inspect(_directory)).Message, StringComparison.Ordinal);
        }
        await Spool.Open(Options).DisposeAsync();
    }

    [Fact]
    public async Task Another_version_is_refused_and_one_damaged_copy_of_the_id_is_not()
    {
        await Spool.Open(Options).DisposeAsync();
        var path = Path.Combine(_directory, "spool");
        var file = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var damaged = (byte[])file.Clone();
        damaged[20] ^= 1;
        await File.WriteAllBytesAsync(path, damaged, TestContext.Current.CancellationToken);
        await Spool.Open(Options).DisposeAsync();
        damaged[64 + 20] ^= 1;
        await File.WriteAllBytesAsync(path, damaged, TestContext.Current.CancellationToken);
        Assert.Contains("damaged", Assert.Throws<IOException>(() => Spool.Open(Options)).Message, StringComparison.Ordinal);
        foreach (var start in (int[])[0, 64])
        {
            BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(start + 8), 2);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(start + 60), Crc32C.Of(file.AsSpan(start, 60)));
        }
        await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
        Assert.Contains("version 2", Assert.Throws<IOException>(() => Spool.Open(Options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_is_never_given_twice_and_orphans_go()
    {
        var numbers = new HashSet<ulong>();
        for (var start = 0; start < 4; start++)
        {
            await using var spool = Spool.Open(Options);
            spool.Start(static _ => { });
            using var aborted = await spool.BeginAsync(CancellationToken.None);
            Assert.True(numbers.Add((await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(10, 1))).Number));
            Assert.True(numbers.Add(aborted.Id.Number));
            await File.WriteAllTextAsync(Path.Combine(_directory, "large", $"{new QueueId(spool.Id, 1_000_000)}.body"), "orphan", TestContext.Current.CancellationToken);
        }
        await using (var spool = Spool.Open(Options))
        {
            spool.Start(static _ => { });
        }
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_directory, "large")));
    }
}
