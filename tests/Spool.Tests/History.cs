using System.Collections.Concurrent;
using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>Some mail comes in, most of it is delivered, the rest is carried forward and delivered later; with what must be true of it afterwards.</summary>
internal sealed class History
{
    private readonly ConcurrentDictionary<QueueId, (int Length, int Seed)> _acknowledged = new();
    private readonly ConcurrentDictionary<EntryRef, QueueId> _entries = new();
    private readonly HashSet<QueueId> _refused = [];
    private readonly HashSet<QueueId> _told = [];
    private readonly HashSet<QueueId> _durable = [];

    public bool HasCarried { get; private set; }

    public static SpoolOptions Options(string directory, SpoolDisk disk, TimeProvider? time = null) => new()
    {
        Directory = directory, SegmentSize = 16 << 10, ReclaimAbove = 32 << 10, MinimumFree = 0, LargeContent = 20_000, Disk = disk,
        Time = time ?? TimeProvider.System,
    };

    private FaultyDisk? _disk;

    public async Task Run(string directory, FaultyDisk disk)
    {
        _disk = disk;
        Spool spool;
        try
        {
            spool = SpoolOf = Spool.Open(Options(directory, disk));
        }
        catch (IOException)
        {
            return;
        }
        try
        {
            spool.Start(Take);
            for (var round = 0; round < 3; round++)
            {
                await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Commit(spool, 1500, (100 * round) + i)));
                await Commit(spool, 30_000, 1000 + round);
                await Deliver(spool, (id, n) => n % 5 != 0);
                await Commit(spool, 200, 2000 + round);
            }
            // Until what lives has been carried, or the disk has stopped.
            for (var wait = 0; wait < 200 && !disk.HasFailed && spool.CarriedOctets == 0; wait++)
            {
                await Commit(spool, 3000, 3000 + wait);
                await Deliver(spool, (id, _) => _acknowledged.TryGetValue(id, out var what) && what.Seed >= 3000);
            }
            HasCarried = spool.CarriedOctets > 0;
            // Outcomes of what was carried, and mail enough that the segments of the older copies are dropped.
            for (var round = 0; round < 6; round++)
            {
                await Deliver(spool, static (_, n) => n % 2 == 0);
                await Commit(spool, 3000, 5000 + round);
            }
        }
        finally
        {
            await spool.DisposeAsync();
        }
    }

    public async Task Check(string directory, string when, bool outcomesMayBeLost)
    {
        await using var spool = Spool.Open(Options(directory, new SpoolDisk()));
        Assert.True(spool.DamageAtOpen.Count == 0, $"{when}: {string.Join("; ", spool.DamageAtOpen)}");
        _entries.Clear();
        var found = new ConcurrentDictionary<EntryRef, Arrival>();
        spool.Start(arrivals =>
        {
            foreach (var arrival in arrivals)
            {
                found[arrival.Entry] = arrival;
            }
        });
        await spool.FlushAsync();
        var there = found.Keys.ToDictionary(spool.IdOf);
        foreach (var (id, (length, seed)) in _acknowledged)
        {
            if (!_told.Contains(id))
            {
                Assert.True(there.ContainsKey(id), $"{when}: {id} was acknowledged and is lost ({seed}).");
            }
            if (there.TryGetValue(id, out var entry))
            {
                using var delivery = await spool.OpenAsync(entry, CancellationToken.None);
                Assert.Equal(SpoolFixture.Content(length, seed), await SpoolFixture.ReadAll(delivery.Content));
            }
        }
        foreach (var id in outcomesMayBeLost ? _durable : _told)
        {
            Assert.False(there.ContainsKey(id), $"{when}: {id} was delivered and has come back ({_acknowledged[id].Seed}).");
        }
        if (!outcomesMayBeLost)
        {
            foreach (var id in _refused)
            {
                Assert.False(there.ContainsKey(id), $"{when}: {id} was refused and is there.");
            }
        }
        // And it goes on.
        await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("after.test", 1)), SpoolFixture.Content(100, 1));
    }

    private async Task Commit(Spool spool, int length, int seed)
    {
        using var writer = await spool.BeginAsync(CancellationToken.None);
        try
        {
            var content = SpoolFixture.Content(length, seed);
            for (var done = 0; done < length; done += 4000)
            {
                System.Buffers.BuffersExtensions.Write(writer, content.AsSpan(done, Math.Min(4000, length - done)));
                await writer.DrainAsync(CancellationToken.None);
            }
            await writer.CommitAsync(SpoolFixture.Envelope(("a.test", 1)), default);
            _acknowledged[writer.Id] = (length, seed);
        }
        catch (IOException)
        {
            lock (_refused)
            {
                _refused.Add(writer.Id);
            }
        }
    }

    private async Task Deliver(Spool spool, Func<QueueId, int, bool> choose)
    {
        var n = 0;
        var told = new List<QueueId>();
        foreach (var (entry, id) in _entries.OrderBy(static pair => pair.Value.Number).ToList())
        {
            if (choose(id, n++))
            {
                // Into memory first: a number that was told must be known to have been.
                _told.Add(id);
                told.Add(id);
                spool.RecordDelivered(entry);
                _entries.TryRemove(entry, out _);
            }
        }
        try
        {
            // Where the disk has stopped, it never comes.
            await spool.FlushAsync().WaitAsync(TimeSpan.FromMilliseconds(_disk!.HasFailed && _disk.Stops ? 0 : 500));
            _durable.UnionWith(told);
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            return;
        }
    }

    private void Take(IReadOnlyList<Arrival> arrivals)
    {
        foreach (var arrival in arrivals)
        {
            _entries[arrival.Entry] = SpoolOf!.IdOf(arrival.Entry);
        }
    }

    private Spool? SpoolOf { get; set; }
}
