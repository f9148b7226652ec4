using System.Collections.Immutable;

namespace MailCluster.Spool.Tests;

/// <summary>What becomes of recipients.</summary>
public class OutcomeTests
{
    [Fact]
    public async Task Fifty_thousand_recipients_of_a_destination_end_in_five_hundred_transactions_for_little()
    {
        await using var fixture = new SpoolFixture(new SpoolOptions { Directory = SpoolFixture.NewDirectory(), MinimumFree = 0 }).Start();
        var id = await fixture.Commit(SpoolFixture.Envelope(("a.test", 50_000)), SpoolFixture.Content(1000, 1));
        var entry = fixture.EntryOf(id);
        var before = fixture.Spool.WrittenOctets;
        for (var i = 0; i < 500; i++)
        {
            // Every hundredth recipient is put off, with an answer of its own.
            fixture.Spool.Record(new(entry, 1, DateTimeOffset.UnixEpoch, [.. Enumerable.Range(i * 100, 100).Select(static r => r % 100 == 7
                ? new RecipientOutcome(r, RecipientStatus.Open, SpoolFixture.Detail(450, $"{r} later"))
                : new RecipientOutcome(r, RecipientStatus.Delivered, null))]));
        }
        await fixture.Spool.FlushAsync();
        Assert.InRange(fixture.Spool.WrittenOctets - before, 1, 1_000_000);
        Assert.Equal(500, fixture.Spool.OpenRecipients);
        await fixture.Reopen();
        using (var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(id), TestContext.Current.CancellationToken))
        {
            Assert.Equal(Enumerable.Range(0, 500).Select(static i => (i * 100) + 7), delivery.Recipients.Select(static recipient => recipient.Recipient));
            Assert.All(delivery.Recipients, static recipient => Assert.Equal($"450 {recipient.Recipient} later", recipient.Detail!.Reply.ToString()));
        }
        fixture.Spool.RecordDelivered(fixture.EntryOf(id));
        await fixture.Reopen();
        Assert.Empty(fixture.Arrivals);
    }

    [Fact]
    public async Task Ten_thousand_destinations_of_a_message_end_one_by_one()
    {
        await using var fixture = new SpoolFixture(new SpoolOptions { Directory = SpoolFixture.NewDirectory(), MinimumFree = 0 }).Start();
        await fixture.Commit(SpoolFixture.Envelope([.. Enumerable.Range(0, 10_000).Select(static i => ($"d{i}.test", 1))]), SpoolFixture.Content(1000, 1));
        Assert.Equal(10_000, fixture.Arrivals.Count);
        foreach (var entry in fixture.Arrivals.Keys.OrderBy(static entry => entry.Index).Take(9_999).ToList())
        {
            fixture.Spool.RecordDelivered(entry);
        }
        await fixture.Reopen();
        Assert.Single(fixture.Arrivals);
        Assert.Equal(1, fixture.Spool.OpenRecipients);
        fixture.Spool.RecordDelivered(fixture.Arrivals.Keys.Single());
        await fixture.Spool.FlushAsync();
        Assert.Empty(fixture.Spool.Messages());
    }

    [Fact]
    public async Task Two_outcomes_of_an_entry_told_at_once_are_both_kept_in_order()
    {
        await using var fixture = new SpoolFixture().Start();
        var id = await fixture.Commit(SpoolFixture.Envelope(("a.test", 3)), SpoolFixture.Content(1000, 1));
        var entry = fixture.EntryOf(id);
        fixture.Spool.Record(new(entry, 1, default, [new(0, RecipientStatus.Delivered, null)]));
        fixture.Spool.Record(new(entry, 2, default, [new(1, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "no"))]));
        fixture.Spool.Record(new(entry, 3, default, [new(0, RecipientStatus.Open, null)]));
        using (var delivery = await fixture.Spool.OpenAsync(entry, TestContext.Current.CancellationToken))
        {
            Assert.Equal([(1, RecipientStatus.FailedReportOwed), (2, RecipientStatus.Open)], delivery.Recipients.Select(static r => (r.Recipient, r.Status)));
            Assert.Equal(3, delivery.Attempts);
        }
        await fixture.Reopen();
        var arrival = Assert.Single(fixture.Arrivals.Values);
        Assert.Equal((1, 1, 3), (arrival.Open, arrival.ReportsOwed, arrival.Attempts));
    }

    // An outcome that did not fit into the rest of a segment was overtaken by a smaller one of the same entry: a report's effect then found nobody to close.
    [Fact]
    public async Task A_small_outcome_does_not_overtake_a_large_one_of_its_entry_at_the_end_of_a_segment()
    {
        await using var fixture = new SpoolFixture().Start();
        for (var i = 0; i < 40; i++)
        {
            var first = fixture.EntryOf(await fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(1000 * i, i)));
            var entry = fixture.EntryOf(await fixture.Commit(SpoolFixture.Envelope(("a.test", 300)), SpoolFixture.Content(100, i)));
            // The first of a batch always fits: its segment is chosen for it.
            fixture.Spool.RecordDelivered(first);
            fixture.Ended(first);
            fixture.Spool.Record(new(entry, 1, default, [.. Enumerable.Range(0, 300).Select(static r => new RecipientOutcome(r, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, $"no {r}")))]));
            fixture.Spool.Record(new(entry, 2, default, [new(0, RecipientStatus.Reported, null)]));
            using var delivery = await fixture.Spool.OpenAsync(entry, TestContext.Current.CancellationToken);
            Assert.Equal(2, delivery.Attempts);
            Assert.Equal(Enumerable.Range(1, 299), delivery.Recipients.Select(static recipient => recipient.Recipient));
        }
    }

    [Fact]
    public async Task A_report_and_the_end_of_what_it_reports_are_one_at_every_cut()
    {
        var directory = SpoolFixture.NewDirectory();
        var options = new SpoolOptions { Directory = directory, SegmentSize = 64 << 10, MinimumFree = 0 };
        string copy;
        QueueId failed;
        QueueId report;
        await using (var spool = Spool.Open(options))
        {
            var entries = new List<Arrival>();
            spool.Start(entries.AddRange);
            failed = await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("a.test", 1), ("b.test", 2)), SpoolFixture.Content(100, 1));
            foreach (var arrival in entries.ToList())
            {
                spool.Record(new(arrival.Entry, 1, default, [.. Enumerable.Range(0, arrival.Open).Select(static r => new RecipientOutcome(r, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "no")))]));
            }
            await spool.FlushAsync();
            report = await SpoolFixture.Commit(spool, SpoolFixture.Envelope(("source.example", 1)) with
            {
                Report = new(ReportKind.Failed, failed, [new(0, 0), new(1, 0), new(1, 1)]),
            }, SpoolFixture.Content(100, 2));
            await spool.FlushAsync();
            Assert.Equal([report], spool.Messages());
            copy = TailTests.Copy(directory);
        }
        Directory.Delete(directory, recursive: true);
        var segment = Directory.EnumerateFiles(Path.Combine(copy, "incoming"), "*.seg").Order(StringComparer.Ordinal).First();
        var whole = File.ReadAllBytes(segment);
        var end = whole.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        var withReport = 0;
        for (var length = 64; length <= end; length += 3)
        {
            var cut = TailTests.Copy(copy);
            File.WriteAllBytes(Path.Combine(cut, "incoming", Path.GetFileName(segment)), whole[..length]);
            for (var start = 0; start < 2; start++)
            {
                await using var spool = Spool.Open(new SpoolOptions { Directory = cut, SegmentSize = 64 << 10, MinimumFree = 0 });
                var arrivals = new List<Arrival>();
                spool.Start(arrivals.AddRange);
                await spool.FlushAsync();
                var there = spool.Messages().ToHashSet();
                Assert.False(there.Contains(report) && there.Contains(failed), $"Cut at {length}, start {start}: the report is there, and what it reports is still owed.");
                Assert.Equal(there.Contains(failed) ? 3 : there.Contains(report) ? 1 : 0, arrivals.Sum(static arrival => arrival.Open + arrival.ReportsOwed));
                withReport += there.Contains(report) ? 1 : 0;
            }
            Directory.Delete(cut, recursive: true);
        }
        Assert.True(withReport > 10);
        Directory.Delete(copy, recursive: true);
    }

    // The report went to one log and the outcome to the other, and the crash came between the two: what had been reported was tried again, and reported again.
    [Fact]
    public async Task A_report_ends_its_recipients_even_where_the_outcome_that_it_speaks_of_was_lost()
    {
        await using var fixture = new SpoolFixture().Start();
        var id = await fixture.Commit(SpoolFixture.Envelope(("a.test", 2), ("b.test", 1)), SpoolFixture.Content(100, 1));
        await fixture.Commit(SpoolFixture.Envelope(("source.example", 1)) with { Report = new(ReportKind.Failed, id, [new(0, 1), new(1, 0)]) }, SpoolFixture.Content(100, 2));
        await fixture.Reopen();
        using var delivery = await fixture.Spool.OpenAsync(fixture.EntryOf(id), TestContext.Current.CancellationToken);
        Assert.Equal([(0, RecipientStatus.Open)], delivery.Recipients.Select(static recipient => (recipient.Recipient, recipient.Status)));
        Assert.Equal(2, fixture.Spool.OpenRecipients);
    }

    [Fact]
    public async Task A_report_of_delay_marks_the_entries_and_closes_nothing()
    {
        await using var fixture = new SpoolFixture().Start();
        var id = await fixture.Commit(SpoolFixture.Envelope(("a.test", 1)), SpoolFixture.Content(100, 1));
        var due = new DateTimeOffset(2026, 5, 5, 5, 5, 5, TimeSpan.Zero);
        fixture.Spool.Record(new(fixture.EntryOf(id), 2, due, [new(0, RecipientStatus.Open, SpoolFixture.Detail(451, "busy"))]));
        await fixture.Commit(SpoolFixture.Envelope(("source.example", 1)) with { Report = new(ReportKind.Delayed, id, [new(0, 0)]) }, SpoolFixture.Content(100, 2));
        await fixture.Reopen();
        var arrival = fixture.Arrivals[fixture.EntryOf(id)];
        Assert.Equal((1, 2, due, true), (arrival.Open, arrival.Attempts, arrival.NextAttempt, arrival.DelayReported));
        using var delivery = await fixture.Spool.OpenAsync(arrival.Entry, TestContext.Current.CancellationToken);
        Assert.Equal("451 busy", Assert.Single(delivery.Recipients).Detail!.Reply.ToString());
    }
}
