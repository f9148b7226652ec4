namespace MailCluster.Spool.Tests;

public class SpoolTests
{
    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        await using var fixture = new SpoolFixture().Start();
        var sizes = new[] { 0, 1, 100, 10_000, 16_384, 16_385, 60_000, 200_000, 1_500_000 };
        var ids = new List<QueueId>();
        foreach (var size in sizes)
        {
            ids.Add(await fixture.Commit(SpoolFixture.Envelope(("a.test", 1), ("b.test", 2)), SpoolFixture.Content(size, size)));
        }
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(3 * sizes.Length, fixture.Spool.OpenRecipients);
            Assert.Equal(2 * sizes.Length, fixture.Arrivals.Count);
            for (var i = 0; i < sizes.Length; i++)
            {
                using var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(ids[i]), TestContext.Current.CancellationToken);
                Assert.Equal(ids[i], delivery.Id);
                Assert.Equal(SpoolFixture.Content(sizes[i], sizes[i]), await SpoolFixture.ReadAll(delivery.Content));
                Assert.Equal(2, delivery.Envelope.Destinations.Length);
                Assert.Equal("r1@b.test", delivery.Envelope.Destinations[1].Recipients[1].Path.Address);
            }
            await fixture.Reopen();
        }
    }

    [Fact]
    public async Task What_was_delivered_does_not_come_back()
    {
        await using var fixture = new SpoolFixture().Start();
        for (var i = 0; i < 100; i++)
        {
            await fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(3000, i));
        }
        foreach (var entry in fixture.Arrivals.Keys.Where(static entry => entry.Index % 3 != 0).ToList())
        {
            fixture.Spool.RecordDelivered(entry);
            fixture.Ended(entry);
        }
        var left = fixture.Arrivals.Keys.Select(fixture.Spool.IdOf).ToHashSet();
        await fixture.Reopen();
        Assert.Equal(left, fixture.Arrivals.Keys.Select(fixture.Spool.IdOf).ToHashSet());
        Assert.Equal(left.Count, fixture.Spool.OpenRecipients);
    }

    [Fact]
    public async Task Deferred_recipients_keep_their_state_and_detail()
    {
        await using var fixture = new SpoolFixture().Start();
        var id = await fixture.Commit(SpoolFixture.Envelope(("a.test", 3)), SpoolFixture.Content(500, 1));
        var due = new DateTimeOffset(2026, 1, 2, 9, 0, 0, TimeSpan.Zero);
        fixture.Spool.Record(new(fixture.EntryOf(id), 1, due,
        [
            new(0, RecipientStatus.Delivered, null),
            new(1, RecipientStatus.Open, SpoolFixture.Detail(450, "later")),
            new(2, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "never")),
        ]));
        for (var round = 0; round < 3; round++)
        {
            using (var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(id), TestContext.Current.CancellationToken))
            {
                Assert.Equal(1, delivery.Attempts);
                Assert.Equal([1, 2], delivery.Recipients.Select(static recipient => recipient.Recipient));
                Assert.Equal("450 later", delivery.Recipients[0].Detail!.Reply.ToString());
                Assert.Equal("550 never", delivery.Recipients[1].Detail!.Reply.ToString());
            }
            await fixture.Reopen();
            var arrival = Assert.Single(fixture.Arrivals.Values);
            Assert.Equal((1, 1, 1, due), (arrival.Open, arrival.ReportsOwed, arrival.Attempts, arrival.NextAttempt));
        }
        fixture.Spool.RecordDelivered(fixture.EntryOf(id));
        await fixture.Reopen();
        Assert.Equal((0, 1), (fixture.Arrivals.Values.Single().Open, fixture.Arrivals.Values.Single().ReportsOwed));
    }
}
