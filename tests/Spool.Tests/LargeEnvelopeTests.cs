using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool.Tests;

/// <summary>A message to many destinations is opened once for each of them: that must not read the whole envelope each time.</summary>
public sealed class LargeEnvelopeTests
{
    private const int Destinations = 2000;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Each_destination_of_a_large_message_costs_its_content_and_not_the_envelope(bool isCarriedForward)
    {
        var disk = new CountingDisk();
        await using var fixture = new SpoolFixture(new() { Directory = SpoolFixture.NewDirectory(), SegmentSize = 1 << 20, MinimumFree = 0, ReclaimAbove = 1 << 20, Disk = disk }).Start();
        var id = await fixture.Commit(SpoolFixture.Envelope([.. Enumerable.Range(0, Destinations).Select(static i => ($"d{i}.destination.example", 1))]), SpoolFixture.Content(500, 1));
        if (isCarriedForward)
        {
            await Carry(fixture, id);
        }
        await fixture.Reopen();
        disk.OctetsRead = 0;
        var seen = new HashSet<string>();
        foreach (var entry in fixture.Arrivals.Keys.Where(entry => fixture.Spool.IdOf(entry) == id).ToList())
        {
            using var delivery = await fixture.Spool.OpenAsync(entry, TestContext.Current.CancellationToken);
            Assert.Equal(id, delivery.Id);
            Assert.Single(delivery.Recipients);
            Assert.True(seen.Add(delivery.Envelope.Destinations[delivery.Destination].Domain.Value));
        }
        Assert.Equal(Destinations, seen.Count);
        Assert.InRange(disk.OctetsRead, 1, 2000L * Destinations);       // the envelope has some 100,000 octets: all of it each time were 200 million
    }

    [Fact]
    public void What_is_kept_of_large_envelopes_is_bounded_and_goes_with_its_message()
    {
        var recent = new RecentMessages();
        for (var i = 1; i <= 100; i++)
        {
            recent.Keep(1, i, Loaded(i, RecentMessages.Smallest));
            Assert.NotNull(recent.Find(1, 1, new(1, 1)));       // what is used stays
        }
        Assert.Equal(16, Enumerable.Range(1, 100).Count(i => recent.Find(1, i, new(1, (ulong)i)) is not null));
        recent.Keep(1, 101, Loaded(101, 64 << 20));
        Assert.Equal([101], Enumerable.Range(1, 101).Where(i => recent.Find(1, i, new(1, (ulong)i)) is not null));
        Assert.Null(recent.Find(2, 101, new(1, 101)));
        recent.Forget(new(1, 101));
        Assert.Null(recent.Find(1, 101, new(1, 101)));
        recent.Keep(1, 102, Loaded(102, RecentMessages.Smallest - 1));
        Assert.Null(recent.Find(1, 102, new(1, 102)));
    }

    /// <summary>Other mail comes and goes until the message has been carried out of the way.</summary>
    private static async Task Carry(SpoolFixture fixture, QueueId id)
    {
        for (var i = 0; i < 200 && fixture.Spool.CarriedOctets == 0; i++)
        {
            await fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(100_000, i));
            foreach (var entry in fixture.Arrivals.Keys.Where(entry => fixture.Spool.IdOf(entry) != id).ToList())
            {
                fixture.Spool.RecordDelivered(entry);
                fixture.Ended(entry);
            }
            await fixture.Spool.FlushAsync();
        }
        Assert.NotEqual(0, fixture.Spool.CarriedOctets);
    }

    private static LoadedMessage Loaded(int number, int length) => new(
        new RecordHeader(RecordType.Message, RecordFlags.None, new(1, (ulong)number), (uint)length, (uint)length, 0, 1, 1, 0),
        default, SpoolFixture.Envelope(("a.test", 1)), default);

    /// <summary>Counts what is read.</summary>
    private sealed class CountingDisk : SpoolDisk
    {
        private long _octetsRead;

        public long OctetsRead
        {
            get => Interlocked.Read(ref _octetsRead);
            set => Interlocked.Exchange(ref _octetsRead, value);
        }

        public override int Read(SafeFileHandle file, Span<byte> target, long offset)
        {
            var read = base.Read(file, target, offset);
            Interlocked.Add(ref _octetsRead, read);
            return read;
        }
    }
}
