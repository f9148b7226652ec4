using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>Disks that fail, and disks that are full.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly string _directory = SpoolFixture.NewDirectory();
    private readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task Until(Func<bool> condition, Action push, string what)
    {
        // Between looks the spool's threads come to run; the condition decides, not the time.
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 5000 && !condition(); i++)
        {
            push();
            await turns.WaitForNextTickAsync();
        }
        Assert.True(condition(), what);
    }

    [Fact]
    public async Task Two_failures_in_a_row_stop_intake_until_two_probes_thirty_seconds_apart_succeed()
    {
        var disk = new FaultyDisk();
        await using var spool = Spool.Open(History.Options(_directory, disk, _time));
        var arrivals = new List<Arrival>();
        var seen = new List<SpoolAdmission>();
        spool.AdmissionChanged += admission =>
        {
            lock (seen)
            {
                seen.Add(admission);
            }
        };
        spool.Start(arrivals.AddRange);
        var kept = await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 1));
        disk.IsBroken = true;
        spool.RecordDelivered(arrivals[0].Entry);
        await Assert.ThrowsAsync<IOException>(() => SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 2)));
        await Until(() => spool.Admission == SpoolAdmission.Unhealthy, static () => { }, "Two failures did not latch.");
        await Assert.ThrowsAsync<IOException>(() => SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 3)));
        disk.IsBroken = false;
        // The disk works again, and still nothing is taken before the probes.
        await Assert.ThrowsAsync<IOException>(() => SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 4)));
        var flushed = spool.FlushAsync();
        _time.Advance(TimeSpan.FromSeconds(31));
        await flushed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(SpoolAdmission.Unhealthy, spool.Admission);
        await Until(() => spool.Admission == SpoolAdmission.Open, () => _time.Advance(TimeSpan.FromSeconds(31)), "Two probes did not clear the latch.");
        await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 5));
        Assert.DoesNotContain(kept, spool.Messages());
        Assert.Single(spool.Messages());
    }

    [Fact]
    public async Task A_full_disk_empties_itself_after_a_restart_too()
    {
        const int Segment = 16 << 10;
        var contents = new Dictionary<QueueId, byte[]>();
        var disk = new FaultyDisk { Capacity = 30 * Segment };
        var refused = 0;
        await using (var spool = Spool.Open(History.Options(_directory, disk, _time)))
        {
            spool.Start(static _ => { });
            await Until(() => disk.Allocated >= 2 * Segment, () => _time.Advance(TimeSpan.FromSeconds(1)), "The reserve was not made.");
            for (var i = 0; i < 1000 && refused < 3; i++)
            {
                try
                {
                    var content = SpoolFixture.Content(1500, i);
                    contents.Add(await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1)), content), content);
                }
                catch (IOException)
                {
                    refused++;
                }
            }
            Assert.Equal(3, refused);
            Assert.Equal(SpoolAdmission.Full, spool.Admission);
        }
        // The restart finds the disk as full as it was.
        disk = new FaultyDisk();
        disk.Survey(_directory);
        disk.Capacity = disk.Allocated;
        await using (var spool = Spool.Open(History.Options(_directory, disk, _time)))
        {
            var arrivals = new List<Arrival>();
            spool.Start(arrivals.AddRange);
            await spool.FlushAsync();
            Assert.Equal(contents.Count, arrivals.Count);
            for (var i = 0; i < arrivals.Count; i++)
            {
                if (i % 10 != 0)
                {
                    contents.Remove(spool.IdOf(arrivals[i].Entry));
                    spool.RecordDelivered(arrivals[i].Entry);
                }
            }
            await spool.FlushAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            await Until(() => spool.Admission == SpoolAdmission.Open && disk.Allocated < disk.Capacity / 2, () => _time.Advance(TimeSpan.FromSeconds(1)),
                $"The disk was not emptied: {disk.Allocated} of {disk.Capacity} octets, {spool.CarriedOctets} carried, {spool.Admission}.");
            await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("b.test", 1)), SpoolFixture.Content(100, 1));
            foreach (var arrival in arrivals.Where((_, i) => i % 10 == 0))
            {
                using var delivery = await spool.OpenAsync(arrival.Entry, TestContext.Current.CancellationToken);
                Assert.Equal(contents[delivery.Id], await SpoolFixture.ReadAll(delivery.Content));
            }
        }
    }
}
