using System.Collections.Immutable;
using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>Mail that leaves a spool for another one, and what each of them says of it afterwards.</summary>
public class HandoverTests
{
    private static readonly DateTimeOffset Due = new(2026, 1, 2, 5, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_marked_message_is_not_queued_after_a_restart_until_it_is_kept_and_then_as_it_was()
    {
        await using var site = New("a");
        var id = await Commit(site, 1, ("a.test", 1), ("b.test", 2));
        var other = await Commit(site, 2, ("a.test", 1));
        Defer(site, id, 0, 2);
        var marked = Assert.Single(await site.Spool.MarkAsync([id], "node-7:4054"));
        Assert.Equal(new HandingOver(new(site.Spool.Id, id, 1), "node-7:4054"), marked);
        await site.Reopen();
        Assert.Equal([other], site.Arrivals.Keys.Select(site.Spool.IdOf));
        Assert.Equal([marked], site.Spool.MarkedMessages());
        Assert.Equal(1, site.Spool.MarkedCount);
        Assert.Equal(4, site.Spool.OpenRecipients);
        Assert.Equal(1, await site.Spool.KeepAsync([marked.Id]));
        await site.Spool.FlushAsync();
        Assert.Empty(site.Spool.MarkedMessages());
        var arrivals = site.EntriesOf(id).Select(entry => site.Arrivals[entry]).OrderBy(static arrival => arrival.Destination.Value).ToList();
        Assert.Equal([(1, 2, Due), (2, 0, SpoolFixture.Envelope().Arrived)], arrivals.Select(static arrival => (arrival.Open, arrival.Attempts, arrival.NextAttempt)));
        Assert.All(arrivals, static arrival => Assert.Equal((SpoolFixture.Envelope().Arrived, 1500L), (arrival.Arrived, arrival.Size)));
        // The next mark is another handover.
        await site.Reopen();
        Assert.Equal(2, Assert.Single(await site.MarkFor(site, id)).Id.Number);
    }

    [Fact]
    public async Task Marks_are_answered_only_for_what_can_be_marked_and_ended_only_by_their_own_number()
    {
        await using var site = New("a");
        var id = await Commit(site, 1, ("a.test", 1));
        // It keeps the segment of the other one.
        var neighbour = await Commit(site, 2, ("a.test", 1));
        var marked = Assert.Single(await site.MarkFor(site, id, new QueueId(site.Spool.Id, 999)));
        Assert.Empty(await site.Spool.MarkAsync([id], "b"));
        Assert.Equal(0, await site.Spool.EndHandedOverAsync([marked.Id with { Number = 2 }, marked.Id with { Donor = 5 }]));
        Assert.Equal(0, await site.Spool.KeepAsync([marked.Id with { Number = 2 }]));
        Assert.Equal(1, await site.Spool.EndHandedOverAsync([marked.Id]));
        Assert.Equal(0, await site.Spool.EndHandedOverAsync([marked.Id]));
        Assert.Null(await site.Spool.OpenMessageAsync(id, CancellationToken.None));
        Assert.Equal(1, site.Spool.OpenRecipients);
        await site.Reopen();
        Assert.Equal([neighbour], site.Spool.OpenMessages());
        Assert.Equal((0, 1L), (site.Spool.MarkedCount, site.Spool.OpenRecipients));
        await Assert.ThrowsAsync<ArgumentException>(() => site.Spool.MarkAsync([id], new string('x', 256)));
    }

    [Fact]
    public async Task A_message_arrives_with_its_name_its_content_and_all_that_is_known_of_its_recipients()
    {
        await using var donor = New("a");
        await using var receiver = New("b");
        var ids = new List<QueueId>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await Commit(donor, i, i == 4 ? 30_000 : 1500, ("a.test", 1), ("b.test", 3)));
        }
        Defer(donor, ids[1], 0, 7);
        Record(donor, ids[2], 1, 3, new(0, RecipientStatus.Delivered, null), new(1, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "no")), new(2, RecipientStatus.Open, SpoolFixture.Detail(450, "later")));
        donor.Spool.RecordDelivered(donor.EntriesOf(ids[3]).First());
        Record(donor, ids[4], 1, 1, new(0, RecipientStatus.Open, SpoolFixture.Detail(451, "soon")), new(2, RecipientStatus.RelayedReportOwed, null));
        await Report(donor, ids[5], ReportKind.Delayed, new ReportedRecipient(0, 0));
        await donor.Spool.FlushAsync();
        var before = new List<string>();
        foreach (var id in ids)
        {
            before.Add(await donor.Describe(id));
        }
        Assert.Contains("True", before[5], StringComparison.Ordinal);
        foreach (var marked in await donor.MarkFor(receiver, [.. ids]))
        {
            Assert.Equal(HandoverVerdict.Take, await donor.Send(marked, receiver));
        }
        await donor.Settle(receiver);
        Assert.DoesNotContain(ids, donor.Spool.OpenMessages().Contains);
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < ids.Count; i++)
            {
                Assert.Equal(before[i], await receiver.Describe(ids[i]));
            }
            var due = receiver.Arrivals[receiver.EntriesOf(ids[1]).Select(entry => (entry, receiver.Arrivals[entry].Destination.Value)).First(static pair => pair.Value == "a.test").entry];
            Assert.Equal((Due, 7, SpoolFixture.Envelope().Arrived), (due.NextAttempt, due.Attempts, due.Arrived));
            Assert.Equal(2, receiver.EntriesOf(ids[2]).Sum(entry => receiver.Arrivals[entry].ReportsOwed + receiver.Arrivals[entry].Open) - 1);
            if (round == 0)
            {
                await receiver.Reopen();
            }
            else
            {
                await CarryAll(receiver, ids);
            }
        }
        // And outcomes build on it.
        var partly = receiver.EntriesOf(ids[2]).Single(entry => receiver.Arrivals[entry].Destination.Value == "b.test");
        receiver.Spool.RecordDelivered(partly);
        await receiver.Reopen();
        using var delivery = await receiver.Spool.OpenAsync(receiver.EntriesOf(ids[2]).Single(entry => receiver.Arrivals[entry].Destination.Value == "b.test"), CancellationToken.None);
        var left = Assert.Single(delivery.Recipients);
        Assert.Equal((1, RecipientStatus.FailedReportOwed, "no"), (left.Recipient, left.Status, left.Detail!.Reply.Lines[0]));
    }

    [Fact]
    public async Task Outcomes_right_after_the_receipt_build_on_what_was_received()
    {
        await using var donor = New("a");
        await using var receiver = New("b");
        var id = await Commit(donor, 1, ("a.test", 4));
        Record(donor, id, 0, 3, new(0, RecipientStatus.Delivered, null), new(1, RecipientStatus.FailedUnreported, null));
        await donor.Send((await donor.MarkFor(receiver, id))[0], receiver);
        var entry = Assert.Single(receiver.EntriesOf(id));
        receiver.Spool.Record(new(entry, 4, Due.AddHours(1), [new(0, RecipientStatus.Open, null), new(2, RecipientStatus.Delivered, null)]));
        await receiver.Spool.FlushAsync();
        using var delivery = await receiver.Spool.OpenAsync(entry, CancellationToken.None);
        Assert.Equal([3], delivery.Recipients.Select(static recipient => recipient.Recipient));
        Assert.Equal(1, receiver.Spool.OpenRecipients);
    }

    [Fact]
    public async Task What_was_received_is_known_when_it_has_been_delivered_and_its_segments_are_gone_until_the_donor_lets_it_be_forgotten()
    {
        await using var donor = New("a");
        await using var receiver = New("b");
        var marked = new List<HandingOver>();
        for (var i = 0; i < 30; i++)
        {
            marked.AddRange(await donor.MarkFor(receiver, await Commit(donor, i, ("a.test", 1))));
            Assert.Equal(HandoverVerdict.Take, await donor.Send(marked[i], receiver));
            receiver.Deliver(marked[i].Id.Message);
        }
        await receiver.Spool.FlushAsync();
        await DropAll(receiver);
        for (var round = 0; round < 2; round++)
        {
            foreach (var each in marked)
            {
                Assert.True(await receiver.Spool.HasHadAsync(each.Id, CancellationToken.None));
                Assert.Equal(HandoverVerdict.Had, (await receiver.Spool.BeginReceivingAsync(each.Id, CancellationToken.None)).Verdict);
                Assert.False(await receiver.Spool.HasHadAsync(each.Id with { Number = 2 }, CancellationToken.None));
            }
            await receiver.Reopen();
        }
        // One more, whose record stays: forgotten all the same.
        marked.AddRange(await donor.MarkFor(receiver, await Commit(donor, 99, ("a.test", 1))));
        await donor.Send(marked[^1], receiver);
        await donor.Settle(receiver);
        await receiver.Spool.ForgetHandoversAsync(donor.Spool.Id);
        await receiver.Reopen();
        Assert.False(await receiver.Spool.HasHadAsync(marked[0].Id, CancellationToken.None));
        Assert.False(await receiver.Spool.HasHadAsync(marked[^1].Id, CancellationToken.None));
        Assert.Single(receiver.EntriesOf(marked[^1].Id.Message));
        Assert.True(new FileInfo(Path.Combine(receiver.Directory, "received")).Length < 100);
    }

    [Fact]
    public async Task A_message_wanders_home_and_out_again_and_each_handover_counts_for_itself()
    {
        await using var a = New("a");
        await using var b = New("b");
        var (small, large) = (await Commit(a, 1, ("a.test", 2)), await Commit(a, 2, 30_000, ("a.test", 1)));
        Defer(a, small, 0, 3);
        var before = (await a.Describe(small), await a.Describe(large));
        var number = 0;
        foreach (var (from, to) in new[] { (a, b), (b, a), (a, b), (b, a) })
        {
            number++;
            foreach (var marked in await from.MarkFor(to, small, large))
            {
                Assert.Equal(number, marked.Id.Number);
                Assert.Equal(HandoverVerdict.Take, await from.Send(marked, to));
            }
            if (number == 2)
            {
                // The old copy at home has ended, the new one has come behind it: only that counts.
                await from.Settle(to);
                await to.Reopen();
                await from.Reopen();
            }
            else
            {
                await from.Reopen();
                await to.Reopen();
                await from.Settle(to);
            }
            Assert.Empty(from.Spool.OpenMessages());
            Assert.Equal([small, large], to.Spool.OpenMessages().OrderBy(static id => id.Number));
            Assert.Equal(before, (await to.Describe(small), await to.Describe(large)));
            await DropAll(from);
            await from.Reopen();
            Assert.Empty(from.Spool.OpenMessages());
        }
        a.Deliver(small);
        a.Deliver(large);
        await a.Spool.FlushAsync();
        await DropAll(a);
        await a.Reopen();
        Assert.Empty(a.Spool.OpenMessages());
        Assert.Equal(0, a.Spool.OpenRecipients);
        // A name that is given anew is never one that wandered.
        Assert.True((await Commit(a, 3, ("a.test", 1))).Number > large.Number);
    }

    [Fact]
    public async Task While_one_of_its_name_is_here_a_message_is_refused_for_now()
    {
        await using var a = New("a");
        await using var b = New("b");
        var id = await Commit(a, 1, ("a.test", 1));
        var out1 = Assert.Single(await a.MarkFor(b, id));
        await a.Send(out1, b);
        // The donor has not heard of it, and the receiver already hands it back.
        var back = Assert.Single(await b.MarkFor(a, id));
        Assert.Equal(2, back.Id.Number);
        Assert.Equal(HandoverVerdict.Busy, await b.Send(back, a));
        await a.Settle(b);
        Assert.Equal(HandoverVerdict.Take, await b.Send(back, a));
        await b.Settle(a);
        Assert.Equal(id, a.Spool.IdOf(Assert.Single(a.Arrivals.Keys)));
    }

    [Fact]
    public async Task What_was_denied_is_never_received_however_late_it_comes()
    {
        await using var a = New("a");
        await using var b = New("b");
        var marked = Assert.Single(await a.MarkFor(b, await Commit(a, 1, ("a.test", 1))));
        using var message = await a.Spool.OpenMessageAsync(marked.Id.Message, CancellationToken.None);
        var (_, writer) = await b.Spool.BeginReceivingAsync(marked.Id, CancellationToken.None);
        Assert.Equal(HandoverVerdict.Busy, (await b.Spool.BeginReceivingAsync(marked.Id, CancellationToken.None)).Verdict);
        Assert.False(await b.Spool.HasHadAsync(marked.Id, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await writer!.CommitReceivedAsync(message!.Envelope, default, message.Entries));
        writer!.Dispose();
        Assert.Equal(HandoverVerdict.Void, await b.Receive(marked.Id, message!));
        await a.Spool.KeepAsync([marked.Id]);
        var again = Assert.Single(await a.MarkFor(b, marked.Id.Message));
        Assert.Equal(HandoverVerdict.Take, await a.Send(again, b));
    }

    [Fact]
    public async Task A_question_during_the_commit_waits_for_it()
    {
        await using var a = New("a");
        await using var b = New("b");
        for (var i = 0; i < 50; i++)
        {
            var marked = Assert.Single(await a.MarkFor(b, await Commit(a, i, i % 5 == 0 ? 30_000 : 100, ("a.test", 1))));
            var sending = Task.Run(() => a.Send(marked, b));
            var had = await b.Spool.HasHadAsync(marked.Id, CancellationToken.None);
            HandoverVerdict? verdict = null;
            try
            {
                verdict = await sending;
            }
            catch (IOException)
            {
                verdict = HandoverVerdict.Void;
            }
            Assert.Equal(had, verdict == HandoverVerdict.Take);
            Assert.Equal(had, b.Spool.OpenMessages().Contains(marked.Id.Message));
        }
    }

    [Fact]
    public async Task Fifty_thousand_recipients_move_and_end_in_one_record()
    {
        await using var a = New("a");
        await using var b = New("b");
        var id = await Commit(a, 1, [.. Enumerable.Range(0, 500).Select(static i => ($"d{i}.test", 100))]);
        foreach (var entry in a.EntriesOf(id).Take(100).ToList())
        {
            a.Spool.RecordDelivered(entry);
        }
        Record(a, id, 200, 4, [.. Enumerable.Range(0, 100).Select(static i => new RecipientOutcome(i, i % 2 == 0 ? RecipientStatus.Delivered : RecipientStatus.Open, SpoolFixture.Detail(450, $"later {i}")))]);
        var before = await a.Describe(id);
        var marked = Assert.Single(await a.MarkFor(b, id));
        Assert.Equal(HandoverVerdict.Take, await a.Send(marked, b));
        await a.Settle(b);
        await a.Reopen();
        await b.Reopen();
        Assert.Empty(a.Spool.OpenMessages());
        Assert.Equal(before, await b.Describe(id));
        Assert.Equal((39_950L, 400), (b.Spool.OpenRecipients, b.Arrivals.Count));
    }

    [Fact]
    public async Task A_report_that_was_received_does_nothing_to_what_it_reports()
    {
        await using var a = New("a");
        await using var b = New("b");
        var id = await Commit(a, 1, ("a.test", 2));
        Record(a, id, 0, 1, new(0, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "no")), new(1, RecipientStatus.Open, null));
        var report = await Report(a, id, ReportKind.Failed, new ReportedRecipient(0, 0));
        await a.Spool.FlushAsync();
        foreach (var marked in await a.MarkFor(b, id, report))
        {
            Assert.Equal(HandoverVerdict.Take, await a.Send(marked, b));
        }
        await a.Settle(b);
        await b.Reopen();
        await a.Reopen();
        Assert.Empty(a.Spool.OpenMessages());
        using var message = await b.Spool.OpenMessageAsync(id, CancellationToken.None);
        Assert.Equal([RecipientStatus.Reported, RecipientStatus.Open], message!.Entries[0].Recipients.Select(static recipient => recipient.Status));
        using var received = await b.Spool.OpenMessageAsync(report, CancellationToken.None);
        Assert.Equal(id, received!.Envelope.Report!.Id);
        // A report of the new home does.
        Record(b, id, 0, 2, new RecipientOutcome(1, RecipientStatus.FailedReportOwed, SpoolFixture.Detail(550, "no")));
        await Report(b, id, ReportKind.Failed, new ReportedRecipient(0, 1));
        await b.Reopen();
        Assert.Null(await b.Spool.OpenMessageAsync(id, CancellationToken.None));
    }

    [Fact]
    public async Task The_inspector_sees_marks_in_records_and_in_carried_copies()
    {
        await using var site = New("a");
        var ids = new[] { await Commit(site, 1, ("a.test", 1)), await Commit(site, 2, ("a.test", 1)), await Commit(site, 3, ("a.test", 1)) };
        site.LetGo(ids);
        var marked = await site.Spool.MarkAsync(ids, "node-7:4054");
        await site.Spool.KeepAsync([marked[1].Id]);
        await site.Spool.EndHandedOverAsync([marked[2].Id]);
        await CarryAll(site, ids[..2]);
        await site.Spool.DisposeAsync();
        var inspected = SpoolInspector.Inspect(site.Directory);
        Assert.Empty(inspected.Damage);
        Assert.Equal(marked[0], inspected.Messages.Single(message => message.Id == ids[0]).HandingOver);
        Assert.Null(inspected.Messages.Single(message => message.Id == ids[1]).HandingOver);
        Assert.DoesNotContain(inspected.Messages, message => message.Id == ids[2]);
        site.Open();
        Assert.Equal([marked[0]], site.Spool.MarkedMessages());
        Assert.Equal(2, Assert.Single(await site.MarkFor(site, ids[1])).Id.Number);
    }

    [Fact]
    public async Task Only_a_spool_that_has_had_to_do_with_a_handover_is_closed_to_a_program_that_does_not_know_it()
    {
        await using var site = New("a");
        var id = await Commit(site, 1, ("a.test", 1));
        await site.Reopen();
        await Commit(site, 2, ("a.test", 1));
        Assert.All(Versions(site), static version => Assert.Equal(1, version));
        await site.MarkFor(site, id);
        await site.Spool.FlushAsync();
        Assert.Contains(Versions(site), static version => version == 2);
        Assert.Contains(Versions(site), static version => version == 1);
    }

    [Fact]
    public async Task A_damaged_file_of_what_was_received_is_told_and_nothing_unknown_is_denied()
    {
        await using var a = New("a");
        await using var b = New("b");
        var gone = Assert.Single(await a.MarkFor(b, await Commit(a, 1, ("a.test", 1))));
        await a.Send(gone, b);
        b.Deliver(gone.Id.Message);
        await b.Spool.FlushAsync();
        await DropAll(b);
        var there = Assert.Single(await a.MarkFor(b, await Commit(a, 2, ("a.test", 1))));
        await a.Send(there, b);
        await b.Spool.DisposeAsync();
        var path = Path.Combine(b.Directory, "received");
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        Assert.Contains(SpoolInspector.Inspect(b.Directory).Damage, damage => damage.What.Contains("received", StringComparison.Ordinal));
        b.Open();
        Assert.Contains(b.Spool.DamageAtOpen, damage => damage.What.Contains("received", StringComparison.Ordinal));
        Assert.True(await b.Spool.HasHadAsync(there.Id, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await b.Spool.HasHadAsync(gone.Id, CancellationToken.None));
        Assert.Equal(HandoverVerdict.Busy, (await b.Spool.BeginReceivingAsync(gone.Id, CancellationToken.None)).Verdict);
        // Segments go all the same, and the file does not seem whole after that.
        b.Deliver(there.Id.Message);
        await b.Spool.FlushAsync();
        await DropAll(b);
        await b.Reopen();
        Assert.True(await b.Spool.HasHadAsync(there.Id, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await b.Spool.HasHadAsync(gone.Id, CancellationToken.None));
    }

    private static HandoverSite New(string name) => new HandoverSite(name, new FaultyDisk()).Open();

    private static Task<QueueId> Commit(HandoverSite site, int seed, params (string, int)[] destinations) => Commit(site, seed, 1500, destinations);

    private static Task<QueueId> Commit(HandoverSite site, int seed, int size, params (string, int)[] destinations)
        => SpoolFixture.Commit(site.Spool, SpoolFixture.Envelope(destinations), SpoolFixture.Content(size, seed));

    private static void Defer(HandoverSite site, QueueId id, int destination, int attempts)
        => Record(site, id, destination, attempts, new RecipientOutcome(0, RecipientStatus.Open, SpoolFixture.Detail(450, "later")));

    private static void Record(HandoverSite site, QueueId id, int destination, int attempts, params RecipientOutcome[] outcomes)
    {
        var name = EntryOf(site, id, destination);
        site.Spool.Record(new(name, attempts, Due, outcomes));
    }

    private static EntryRef EntryOf(HandoverSite site, QueueId id, int destination) => site.EntriesOf(id).ElementAt(destination);

    private static async Task<QueueId> Report(HandoverSite site, QueueId id, ReportKind kind, params ReportedRecipient[] recipients)
        => await SpoolFixture.Commit(site.Spool, SpoolFixture.Envelope(("source.test", 1)) with { Report = new(kind, id, [.. recipients]) }, SpoolFixture.Content(300, 7));

    /// <summary>Has the segments of ended mail dropped.</summary>
    private static async Task DropAll(HandoverSite site)
    {
        var files = System.IO.Directory.GetFiles(Path.Combine(site.Directory, "incoming"), "*.seg");
        for (var i = 0; files.Any(File.Exists); i++)
        {
            Assert.True(i < 2000, "Nothing is dropped.");
            site.Deliver(await Commit(site, i, 3000, ("fill.test", 1)));
            await site.Spool.FlushAsync();
        }
    }

    /// <summary>Writes until all of these have been carried into the deferred log.</summary>
    private static async Task CarryAll(HandoverSite site, IReadOnlyCollection<QueueId> ids)
    {
        var carried = site.Spool.CarriedOctets;
        for (var i = 0; !ids.All(site.Spool.IsInDeferredLog); i++)
        {
            Assert.True(i < 2000, "Nothing is carried.");
            site.Deliver(await Commit(site, i, 3000, ("fill.test", 1)));
            await site.Spool.FlushAsync();
        }
        Assert.True(carried < site.Spool.CarriedOctets || carried > 0);
    }

    private static IEnumerable<int> Versions(HandoverSite site) => System.IO.Directory.EnumerateFiles(site.Directory, "*.seg", SearchOption.AllDirectories)
        .Where(static path => !path.Contains("reserve", StringComparison.Ordinal))
        .Select(static path =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[64];
            file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return (int)bytes[8];
        })
        .Where(static version => version != 0);
}
