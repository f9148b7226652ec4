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
    public async Task A_received_message_whose_write_failed_is_refused_and_denied_only_when_it_cannot_come_back()
    {
        var disk = new FaultyDisk();
        await using var donor = new HandoverSite("a", new FaultyDisk()).Open();
        await using var receiver = Spool.Open(History.Options(_directory, disk, _time));
        receiver.Start(static _ => { });
        var first = await SpoolFixture.Commit(receiver, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 1));
        var marked = Assert.Single(await donor.MarkFor(donor, await SpoolFixture.Commit(donor.Spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000, 2))));
        using var message = await donor.Spool.OpenMessageAsync(marked.Id.Message, CancellationToken.None);
        var (_, writer) = await receiver.BeginReceivingAsync(marked.Id, CancellationToken.None);
        System.Buffers.BuffersExtensions.Write(writer!, SpoolFixture.Content(1000, 2));
        disk.IsBroken = true;
        var committing = writer!.CommitReceivedAsync(message!.Envelope, default, message.Entries).AsTask();
        var asking = receiver.HasHadAsync(marked.Id, CancellationToken.None).AsTask();
        await Until(() => receiver.Admission == SpoolAdmission.Unhealthy, () => _time.Advance(TimeSpan.FromSeconds(1)), "The failed write did not latch.");
        Assert.False(committing.IsCompleted || asking.IsCompleted);
        Assert.Equal(HandoverVerdict.Busy, (await receiver.BeginReceivingAsync(marked.Id, CancellationToken.None)).Verdict);
        disk.IsBroken = false;
        await Until(() => committing.IsCompleted && asking.IsCompleted, () => _time.Advance(TimeSpan.FromSeconds(31)), "It is never decided.");
        await Assert.ThrowsAsync<IOException>(() => committing);
        Assert.False(await asking);
        Assert.Equal([first], receiver.OpenMessages());
        await receiver.DisposeAsync();
        await using var reopened = Spool.Open(History.Options(_directory, disk, _time));
        Assert.Equal([first], reopened.OpenMessages());
    }

    [Fact]
    public async Task A_full_disk_that_must_write_down_what_was_received_before_it_can_drop_anything_still_empties_itself()
    {
        await using var donor = new HandoverSite("a", new FaultyDisk()).Open();
        var marked = new List<HandingOver>();
        await using (var receiver = Spool.Open(History.Options(_directory, new FaultyDisk(), _time)))
        {
            receiver.Start(static _ => { });
            for (var i = 0; i < 40; i++)
            {
                marked.AddRange(await donor.MarkFor(donor, await SpoolFixture.Commit(donor.Spool, SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1500, i))));
                using var message = await donor.Spool.OpenMessageAsync(marked[i].Id.Message, CancellationToken.None);
                var (_, writer) = await receiver.BeginReceivingAsync(marked[i].Id, CancellationToken.None);
                System.Buffers.BuffersExtensions.Write(writer!, SpoolFixture.Content(1500, i));
                await writer!.CommitReceivedAsync(message!.Envelope, default, message.Entries);
            }
        }
        Assert.False(File.Exists(Path.Combine(_directory, "received")));
        var disk = new FaultyDisk();
        disk.Survey(_directory);
        disk.Capacity = disk.Allocated;
        await using (var receiver = Spool.Open(History.Options(_directory, disk, _time)))
        {
            var found = new List<Arrival>();
            var files = Directory.GetFiles(Path.Combine(_directory, "incoming"), "*.seg");
            receiver.Start(found.AddRange);
            await receiver.FlushAsync();
            Assert.Equal(40, found.Count);
            found.ForEach(arrival => receiver.RecordDelivered(arrival.Entry));
            await Until(() => !files[..^1].Any(File.Exists), () => _time.Advance(TimeSpan.FromSeconds(1)), "Nothing is dropped.");
        }
        await using var reopened = Spool.Open(History.Options(_directory, new FaultyDisk(), _time));
        foreach (var each in marked)
        {
            Assert.True(await reopened.HasHadAsync(each.Id, CancellationToken.None));
        }
    }

    /// <summary>That the disk does not answer says nothing of the message: it is not set aside, and what was told of it is recorded when the disk answers again.</summary>
    [Fact]
    public async Task A_read_that_fails_while_an_outcome_is_composed_only_delays_the_outcome()
    {
        var disk = new UnreadableDisk();
        var changes = new RecipientOutcome[] { new(0, RecipientStatus.Delivered, null) };
        QueueId id;
        await using (var before = Spool.Open(History.Options(_directory, disk, _time)))
        {
            var arrivals = new List<Arrival>();
            before.Start(arrivals.AddRange);
            id = await SpoolFixture.Commit(before, SpoolFixture.Envelope(("a.test", 3)), SpoolFixture.Content(1000, 1));
            before.Record(new(arrivals[0].Entry, 1, DateTimeOffset.UnixEpoch, changes));
        }
        await using (var spool = Spool.Open(History.Options(_directory, disk, _time)))
        {
            var found = new List<Arrival>();
            spool.Start(found.AddRange);
            await spool.FlushAsync();
            // Which recipients are open is on the disk alone.
            disk.Fails = true;
            spool.Record(new(found[0].Entry, 2, DateTimeOffset.UnixEpoch, [new(1, RecipientStatus.Delivered, null)]));
            var flushed = spool.FlushAsync();
            await Until(() => disk.Failures >= 3, () => _time.Advance(TimeSpan.FromSeconds(1)), "The outcome is not tried again.");
            Assert.False(flushed.IsCompleted);
            Assert.Equal((0, 2, SpoolAdmission.Open), (spool.DamageCount, spool.OpenRecipients, spool.Admission));
            disk.Fails = false;
            await Until(() => flushed.IsCompleted, () => _time.Advance(TimeSpan.FromSeconds(1)), "The outcome is never written.");
            using var delivery = await spool.OpenAsync(found[0].Entry, TestContext.Current.CancellationToken);
            Assert.Equal([2], delivery.Recipients.Select(static recipient => recipient.Recipient));
        }
        var inspected = SpoolInspector.Inspect(_directory);
        Assert.Empty(inspected.Damage);
        Assert.Equal(
            [RecipientStatus.Delivered, RecipientStatus.Delivered, RecipientStatus.Open], Assert.Single(inspected.Messages, message => message.Id == id).Destinations[0].Recipients.Select(static recipient => recipient.Status));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_directory, "corrupt")));
    }

    /// <summary>A disk that may not give anything back for a while.</summary>
    private sealed class UnreadableDisk : SpoolDisk
    {
        private int _failures;

        public volatile bool Fails;

        public int Failures => Volatile.Read(ref _failures);

        public override int Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> target, long offset)
        {
            if (Fails)
            {
                Interlocked.Increment(ref _failures);
                throw new IOException("Input/output error");
            }
            return base.Read(file, target, offset);
        }
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
