using MailCluster.Support;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool.Tests;

/// <summary>The room on the disk, between two looks at the clock and without inodes.</summary>
public sealed class RoomTests : IDisposable
{
    private const int Segment = 16 << 10;

    private readonly string _directory = SpoolFixture.NewDirectory();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // The room was looked at once a second: what came in meanwhile found the end of the disk first. Here time stands still.
    [Fact]
    public async Task The_spool_is_full_before_a_commit_fails_however_many_octets_come_in_within_a_second()
        => Assert.InRange(await FillAsync(new FaultyDisk { Capacity = 200 * Segment }, 1500), 100, 2000);

    [Fact]
    public async Task The_spool_is_full_before_a_commit_fails_however_many_files_come_in_within_a_second()
        => Assert.InRange(await FillAsync(new DiskOfInodes { Inodes = 1000 }, 30_000), 100, 1000);

    private async Task<int> FillAsync(SpoolDisk disk, int size)
    {
        await using var spool = Spool.Open(Options(disk, new ManualTime()));
        spool.Start(static _ => { });
        var commits = 0;
        while (spool.Admission == SpoolAdmission.Open)
        {
            await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(size, commits++));
            Assert.True(commits < 3000, "It takes more than the disk has.");
        }
        Assert.Equal(SpoolAdmission.Full, spool.Admission);
        return commits;
    }

    // A segment that cannot be created was not taken from the reserve, which needs no inode.
    [Fact]
    public async Task Without_an_inode_outcomes_go_to_the_reserve_and_mail_is_refused_after_a_restart_too()
    {
        var disk = new DiskOfInodes();
        var arrivals = new List<Arrival>();
        for (var restart = 0; restart < 2; restart++)
        {
            await using var spool = Spool.Open(Options(disk, TimeProvider.System));
            arrivals.Clear();
            spool.Start(arrivals.AddRange);
            if (restart == 0)
            {
                for (var i = 0; i < 100; i++)
                {
                    await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, i));
                }
                disk.Inodes = 0;
            }
            await spool.FlushAsync();
            Assert.Equal(100, arrivals.Count);
            foreach (var arrival in arrivals)
            {
                // Of both restarts together more than a segment.
                spool.Record(new(arrival.Entry, restart + 1, default, [new(0, RecipientStatus.Open, SpoolFixture.Detail(450, new string('x', 30)))]));
            }
            await spool.FlushAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            for (var i = 0; spool.Admission == SpoolAdmission.Open; i++)
            {
                Assert.True(i < 1000, "It goes on taking mail.");
                await Assert.ThrowsAnyAsync<IOException>(() => SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(Segment / 2, i)));
            }
        }
    }

    private SpoolOptions Options(SpoolDisk disk, TimeProvider time) => new()
    {
        Directory = _directory, SegmentSize = Segment, ReclaimAbove = 4 * Segment, MinimumFree = 100 * Segment, MinimumFreeInodes = 500, LargeContent = 20_000, Disk = disk, Time = time,
    };

    private sealed class DiskOfInodes : SpoolDisk
    {
        private int _inodes = int.MaxValue;

        public int Inodes
        {
            set => _inodes = value;
        }

        public override SafeFileHandle Create(string path)
        {
            if (Interlocked.Decrement(ref _inodes) < 0)
            {
                throw new DiskFullException("No inode is left.");
            }
            return base.Create(path);
        }

        public override void Delete(string path)
        {
            if (File.Exists(path))
            {
                Interlocked.Increment(ref _inodes);
            }
            base.Delete(path);
        }

        public override (long Octets, long Inodes) Free(string directory) => (base.Free(directory).Octets, Math.Max(0, Volatile.Read(ref _inodes)));
    }
}
