using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using MailCluster.Actors.Events;
using MailCluster.Actors.Reports;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using MimeKit;
using Envelope = MailCluster.Spool.Envelope;
using EventLog = MailCluster.Actors.Events.EventLog;

namespace MailCluster.Actors.Tests.Reports;

public sealed class ReportActorTests : Akka.TestKit.Xunit.TestKit
{
    private static readonly DateTimeOffset Arrived = new(2026, 11, 24, 6, 0, 0, TimeSpan.Zero);
    private static readonly OutcomeDetail Refused = new(new(550, new(5, 1, 1), "No such user"), "mx.example.net", Arrived.AddMinutes(1));

    private readonly string _folder = Directory.CreateTempSubdirectory("reports-").FullName;
    private readonly EventLog _events;
    private ConcurrentQueue<Arrival> _arrivals = [];
    private Spool.Spool _spool;
    private IActorRef _actor;

    public ReportActorTests() : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _events = new(Path.Combine(_folder, "events"), "node-1", new(), NullLogger<EventLog>.Instance);
        (_spool, _actor) = Open();
    }

    [Fact]
    public async Task Failures_of_one_message_go_into_one_report_and_end_with_its_commit()
    {
        var (id, entries) = await AcceptAsync(Message("sender@example.org", new(Return: ReturnContent.Full, EnvelopeId: "E1"), ("example.net", [Recipient("a"), Recipient("b")]), ("example.com", [Recipient("c")])), "Subject: x\r\n\r\nbody\r\n");
        Fail(entries[0], 0);
        Fail(entries[0], 1);
        Fail(entries[1], 0);

        var report = Assert.Single(await ReportsAsync(1));

        Assert.True(report.Envelope.ReversePath.IsNull);
        var to = Assert.Single(Assert.Single(report.Envelope.Destinations).Recipients);
        Assert.Equal(("sender@example.org", "example.org", Notify.Never), (to.Path.Address, to.Path.Domain.Value, to.Parameters.Notify));
        Assert.Equal((ReportKind.Failed, id), (report.Envelope.Report!.Kind, report.Envelope.Report.Id));
        Assert.Equal(["a@x", "b@x", "c@x"], report.Status.Skip(1).Select(group => group["Final-Recipient"]!.Replace("rfc822; ", "", StringComparison.Ordinal)).Order());
        Assert.Equal(("E1", id.ToString()), (report.Status[0]["Original-Envelope-Id"], report.Status[1]["Final-Log-ID"]));
        Assert.Equal("x", Assert.IsType<MessagePart>(report.Report[2]).Message!.Subject);
        await AwaitConditionAsync(() => Task.FromResult(_spool.OpenRecipients == 1), TimeSpan.FromSeconds(10));      // the report's own

        await _events.DisposeAsync();
        Assert.Contains(Directory.GetFiles(Path.Combine(_folder, "events")).SelectMany(File.ReadLines), line => line.Contains($"\"type\":\"Reception\"", StringComparison.Ordinal) && line.Contains(report.Id.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_report_told_of_twice_is_written_once()
    {
        var (_, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [Recipient("a")])));
        Fail(entries[0], 0);
        await ReportsAsync(1);
        _actor.Tell(new ReportProtocol.Owed(entries[0]));
        _actor.Tell(new ReportProtocol.Owed(new(123_456)));
        await MoveAsync(TimeSpan.FromSeconds(30));
        await ReportsAsync(1);
    }

    [Fact]
    public async Task The_null_reverse_path_is_told_nothing_and_its_recipients_end()
    {
        var (_, entries) = await AcceptAsync(Message("", null, ("example.net", [Recipient("a"), Recipient("b")])));
        _spool.Record(new(entries[0], 1, Arrived, [new(0, RecipientStatus.FailedReportOwed, Refused), new(1, RecipientStatus.RelayedReportOwed, Refused)]));
        _actor.Tell(new ReportProtocol.Owed(entries[0]));
        await MoveUntilAsync(() => _spool.OpenRecipients == 0);
        Assert.Single(_arrivals);
    }

    [Fact]
    public async Task A_delay_is_told_to_whom_it_concerns_and_once_for_the_entry()
    {
        var (id, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [Recipient("a"), Recipient("never", Notify.Never), Recipient("failure", Notify.Failure), Recipient("delay", Notify.Delay)])));
        _spool.Record(new(entries[0], 3, Arrived.AddHours(5), [.. Enumerable.Range(0, 4).Select(n => new RecipientOutcome(n, RecipientStatus.Open, new(new(451, new(4, 4, 1), "Later"), "mx.example.net", Arrived.AddHours(4))))]));
        _actor.Tell(new ReportProtocol.Delayed(entries[0], Arrived.AddDays(5)));

        var report = Assert.Single(await ReportsAsync(1));

        Assert.Equal((ReportKind.Delayed, id), (report.Envelope.Report!.Kind, report.Envelope.Report.Id));
        Assert.Equal(["rfc822; a@x", "rfc822; delay@x"], report.Status.Skip(1).Select(group => group["Final-Recipient"]));
        Assert.All(report.Status.Skip(1), group => Assert.Equal(("delayed", "4.4.1", "Sun, 29 Nov 2026 06:00:00 +0000"), (group["Action"], group["Status"], group["Will-Retry-Until"])));
        Assert.Equal(5, _spool.OpenRecipients);
        await ReopenAsync();
        Assert.True(_arrivals.Single(arrival => arrival.Destination.Value == "example.net").DelayReported);
    }

    [Fact]
    public async Task Failures_and_relays_of_one_message_are_two_reports()
    {
        var (_, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [Recipient("a"), Recipient("b", Notify.Success)])));
        _spool.Record(new(entries[0], 1, Arrived, [new(0, RecipientStatus.FailedReportOwed, Refused), new(1, RecipientStatus.RelayedReportOwed, new(new(250, new(2, 0, 0), "Ok"), "mx.example.net", Arrived))]));
        _actor.Tell(new ReportProtocol.Owed(entries[0]));

        var reports = await ReportsAsync(2);

        Assert.Equal(["failed", "relayed"], reports.Select(report => report.Status[1]["Action"]).Order());
        await AwaitConditionAsync(() => Task.FromResult(_spool.OpenRecipients == 2), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task What_was_owed_when_the_spool_closed_is_written_after_a_restart()
    {
        var (_, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [Recipient("a"), Recipient("b")])));
        Fail(entries[0], 0);
        await _spool.DisposeAsync();
        await MoveAsync(TimeSpan.FromSeconds(5));       // tries, and is refused by the closed spool

        await ReopenAsync();
        var arrival = Assert.Single(_arrivals);
        Assert.Equal((1, 1), (arrival.Open, arrival.ReportsOwed));
        _actor.Tell(new ReportProtocol.Owed(arrival.Entry));

        Assert.Equal("rfc822; a@x", Assert.Single(await ReportsAsync(1)).Status[1]["Final-Recipient"]);
        await AwaitConditionAsync(() => Task.FromResult(_spool.OpenRecipients == 2), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_full_spool_still_takes_reports_for_they_free_what_they_report()
    {
        await ReopenAsync(minimumFree: long.MaxValue);
        var (_, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [Recipient("a")])));
        await AwaitConditionAsync(() => Task.FromResult(_spool.Admission == SpoolAdmission.Full), TimeSpan.FromSeconds(10));
        Fail(entries[0], 0);
        Assert.Single(await ReportsAsync(1));
    }

    [Fact]
    public async Task Fifty_thousand_failures_of_one_message_make_reports_of_a_thousand()
    {
        const int Count = 50_000;
        var (_, entries) = await AcceptAsync(Message("sender@example.org", null, ("example.net", [.. Enumerable.Range(0, Count).Select(n => Recipient($"user{n}"))])));
        _spool.Record(new(entries[0], 1, Arrived, [.. Enumerable.Range(0, Count).Select(n => new RecipientOutcome(n, RecipientStatus.FailedReportOwed, Refused))]));
        _actor.Tell(new ReportProtocol.Owed(entries[0]));
        var start = Stopwatch.GetTimestamp();

        var reports = await ReportsAsync(Count / ReportWriter.RecipientsPerReport);

        TestContext.Current.SendDiagnosticMessage($"50,000 recipients reported in {Stopwatch.GetElapsedTime(start)}");
        Assert.All(reports, report => Assert.Equal(ReportWriter.RecipientsPerReport, report.Envelope.Report!.Recipients.Length));
        Assert.Equal(Count, reports.SelectMany(report => report.Envelope.Report!.Recipients).Distinct().Count());
        await AwaitConditionAsync(() => Task.FromResult(_spool.OpenRecipients == reports.Count), TimeSpan.FromSeconds(30));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _spool.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
        _events.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
        Directory.Delete(_folder, recursive: true);
    }

    private static Recipient Recipient(string name, Notify notify = Notify.Unspecified) => new(new($"{name}@x", new("x")), new(notify));

    private static Envelope Message(string sender, MailParameters? parameters, params (string Domain, ImmutableArray<Recipient> Recipients)[] destinations) =>
        new(new(sender), parameters ?? MailParameters.None, Arrived, new("in-1", "192.0.2.1:1", "client", "ESMTP"), [.. destinations.Select(one => new EnvelopeDestination(new(one.Domain), one.Recipients))]);

    private (Spool.Spool, IActorRef) Open(long minimumFree = 0)
    {
        var spool = Spool.Spool.Open(new() { Directory = Path.Combine(_folder, "spool"), SegmentSize = 1 << 20, MinimumFree = minimumFree, MinimumFreeInodes = 0 });
        var arrivals = _arrivals = [];
        spool.Start(batch =>
        {
            foreach (var arrival in batch)
            {
                arrivals.Enqueue(arrival);
            }
        });
        return (spool, Sys.ActorOf(ReportActor.Props(new() { Hostname = "relay.example.net", Spool = spool, Events = _events, Logger = NullLogger.Instance })));
    }

    private async Task ReopenAsync(long minimumFree = 0)
    {
        await _spool.DisposeAsync();
        (_spool, _actor) = Open(minimumFree);
        await _spool.FlushAsync();
        await AwaitConditionAsync(() => Task.FromResult(_spool.OpenRecipients == 0 || !_arrivals.IsEmpty), TimeSpan.FromSeconds(10));
    }

    private async Task<(QueueId Id, List<EntryRef> Entries)> AcceptAsync(Envelope envelope, string content = "Subject: x\r\n\r\n")
    {
        var before = _arrivals.Count;
        using var writer = await _spool.BeginAsync(TestContext.Current.CancellationToken);
        Encoding.Latin1.GetBytes(content, writer);
        await writer.CommitAsync(envelope, ContentTraits.None);
        await AwaitConditionAsync(() => Task.FromResult(_arrivals.Count == before + envelope.Destinations.Length), TimeSpan.FromSeconds(10));
        return (writer.Id, [.. envelope.Destinations.Select(destination => _arrivals.Skip(before).Single(arrival => arrival.Destination == destination.Domain).Entry)]);
    }

    private void Fail(EntryRef entry, int recipient)
    {
        _spool.Record(new(entry, 1, Arrived, [new(recipient, RecipientStatus.FailedReportOwed, Refused)]));
        _actor.Tell(new ReportProtocol.Owed(entry));
    }

    /// <summary>Moves time until so many reports have been committed, and a little on, to see that no more come.</summary>
    private async Task<List<WrittenReport>> ReportsAsync(int count)
    {
        var reports = new Dictionary<EntryRef, WrittenReport>();
        var looked = new HashSet<EntryRef>();
        async Task LookAsync()
        {
            foreach (var arrival in _arrivals.ToArray().Where(arrival => arrival.Destination.Value == "example.org" && looked.Add(arrival.Entry)))
            {
                using var delivery = await _spool.OpenAsync(arrival.Entry, TestContext.Current.CancellationToken);
                var content = new byte[delivery.Content.Length];
                for (var read = 0; read < content.Length;)
                {
                    read += await delivery.Content.ReadAsync(read, content.AsMemory(read), TestContext.Current.CancellationToken);
                }
                var message = await MimeMessage.LoadAsync(new MemoryStream(content), TestContext.Current.CancellationToken);
                var report = Assert.IsType<MultipartReport>(message.Body);
                reports[arrival.Entry] = new(delivery.Id, delivery.Envelope, report, Assert.IsType<MessageDeliveryStatus>(report[1]).StatusGroups);
            }
        }
        var end = Environment.TickCount64 + 60_000;
        while (reports.Count < count)
        {
            Assert.True(Environment.TickCount64 < end, $"{reports.Count} reports of {count}");
            await MoveAsync(TimeSpan.FromMilliseconds(250));
            await LookAsync();
        }
        await MoveAsync(TimeSpan.FromSeconds(15));
        await LookAsync();
        Assert.Equal(count, reports.Count);
        return [.. reports.Values];
    }

    private async Task MoveUntilAsync(Func<bool> holds)
    {
        var end = Environment.TickCount64 + 30_000;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < end, "not in time");
            await MoveAsync(TimeSpan.FromMilliseconds(250));
        }
    }

    private async Task MoveAsync(TimeSpan time)
    {
        await _actor.Ask<ActorIdentity>(new Identify(1), TimeSpan.FromSeconds(30));      // all that was told has been heard
        ((TestScheduler)Sys.Scheduler).Advance(time);
        await _actor.Ask<ActorIdentity>(new Identify(2), TimeSpan.FromSeconds(30));
        await Task.Delay(5, TestContext.Current.CancellationToken);     // what runs beside the actor is the real disk
    }

    private sealed record WrittenReport(QueueId Id, Envelope Envelope, MultipartReport Report, HeaderListCollection Status);
}
