using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Reports;
using MailCluster.Actors.Rules;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

/// <summary>Queue actors, site pools and a real spool, with moved time: from the commit of a message to the end of its recipients.</summary>
public sealed class QueueActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly NodeId Node = new("node:4053", 1);
    private static readonly DomainName Example = new("example.net");

    private readonly string _folder = Directory.CreateTempSubdirectory("queue").FullName;
    private readonly Spool.Spool _spool;
    private readonly EventLog _events;
    private readonly RecordingLogger _log = new();
    private readonly TestProbe _delivery;
    private readonly TestProbe _sites;
    private readonly TestProbe _reports;
    private readonly SuspendedDomains _suspended = new();
    private readonly ScriptedOutbound.World _world;
    private readonly IActorRef _pools;
    private readonly IActorRef _queue;

    public QueueActorTests() : base("""
        akka.loglevel = OFF
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        """)
    {
        _spool = MailCluster.Spool.Spool.Open(new() { Directory = Path.Combine(_folder, "spool"), SegmentSize = 1 << 20, MinimumFree = 1 << 20 });
        _events = new(Path.Combine(_folder, "events"), "node-1", new(), NullLogger<EventLog>.Instance);
        (_delivery, _sites, _reports) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        _world = new(_spool);
        var options = new DeliveryOptions { ConnectionsPerSite = 3, Connections = 5 };
        _pools = Sys.ActorOf(SitePoolsActor.Props(new()
        {
            Node = Node, Delivery = options, SiteActors = _sites, Holdings = new(), Outbound = (_, _) => Props.Create(() => new ScriptedOutbound(_world)),
        }));
        _queue = Sys.ActorOf(QueueActor.Props(new()
        {
            Node = Node, Retry = new(), Delivery = options, Spool = _spool, Events = _events, Logger = _log, Suspended = _suspended, DeliveryActors = _delivery, Pools = _pools,
            Reports = _reports, Questions = 100,
        }));
        _spool.Start(arrivals => _queue.Tell(new QueueProtocol.Arrived([.. arrivals])));
        _sites.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is SiteProtocol.Request { Demand: > 0 } request)
            {
                sender.Tell(new SiteProtocol.Granted(request.Site, request.Number, new(1, 1), 3, TimeSpan.FromSeconds(15)));
            }
            return AutoPilot.KeepRunning;
        }));
    }

    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _spool.DisposeAsync();
        await _events.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AcceptAsync(params string[] recipients)
    {
        using var writer = await _spool.BeginAsync(CancellationToken.None);
        "Subject: x\r\n\r\ny\r\n"u8.CopyTo(writer.GetSpan(64));
        writer.Advance(17);
        var destinations = recipients.GroupBy(r => r[(r.IndexOf('@', StringComparison.Ordinal) + 1)..])
            .Select(g => new EnvelopeDestination(new(g.Key), [.. g.Select(r => new Recipient(new(r, new(g.Key)), RcptParameters.None))])).ToImmutableArray();
        await writer.CommitAsync(new(new("s@example.org"), MailParameters.None, Scheduler.Now, new("in-1", "192.0.2.1:5", "c", "ESMTP"), destinations), ContentTraits.None);
    }

    private async Task<DeliveryProtocol.Report> ReportAsync() => await _delivery.ExpectMsgAsync<DeliveryProtocol.Report>(Patience);

    private void Decide(DeliveryProtocol.Report report, DomainSchedule? schedule = null, Route? route = null, bool closed = false, double minutes = 60) => _queue.Tell(
        new DeliveryProtocol.Decision(report.Domain, report.Number, route ?? To(Site()), schedule ?? new DomainSchedule.Open(), closed, TimeSpan.FromMinutes(minutes)));

    private async Task<QueueProtocol.Inspection> InspectAsync() => await _queue.Ask<QueueProtocol.Inspection>(new QueueProtocol.Inspect(null, 10), Patience);

    private void Suspend(params Suspension[] all)
    {
        var before = _suspended.All.Select(suspension => suspension.Domain);
        _suspended.Set(RuleSet.Empty.Merge(all.Select(suspension => new Rule(
            Suspension.KeyOf(suspension.Domain), new(1, "node"), IsRemoved: false, "", suspension.Until, suspension.Author, suspension.Reason, suspension.At))), Scheduler.Now);
        _queue.Tell(new QueueProtocol.SuspensionsChanged([.. before, .. all.Select(suspension => suspension.Domain)]));
    }

    private Task UntilAsync(Func<bool> condition) => AwaitConditionAsync(() => Task.FromResult(condition()), Patience, TimeSpan.FromMilliseconds(10));

    private Task UntilEmptyAsync() => AwaitConditionAsync(async () => (await InspectAsync()).Entries == 0, Patience, TimeSpan.FromMilliseconds(10));

    [Fact]
    public async Task A_message_is_delivered_and_its_end_recorded_in_spool_events_and_log()
    {
        await AcceptAsync("one@example.net");
        var report = await ReportAsync();
        Assert.Equal((Example, 1, Node), (report.Domain, report.Waiting, report.Node));
        Decide(report);
        await UntilEmptyAsync();
        await UntilAsync(() => _spool.OpenRecipients == 0);
        await _events.DisposeAsync();
        var line = Directory.GetFiles(Path.Combine(_folder, "events")).SelectMany(File.ReadAllLines).Single();
        Assert.Contains("one@example.net", line, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{16}-[0-9a-f]+ to=<one@example.net> relay=mx.example.net\\[127.0.0.1:25\\] delay=.* dsn=2.0.0 status=sent reply=250 2.0.0 queued$", Assert.Single(_log.Lines));
    }

    [Fact]
    public async Task A_thousand_messages_for_ten_domains_are_delivered_over_the_leased_connections()
    {
        for (var i = 0; i < 1000; i++)
        {
            await AcceptAsync(string.Create(CultureInfo.InvariantCulture, $"user{i}@d{i % 10}.example"));
        }
        var asked = 0;
        await foreach (var report in ReportsAsync(10))
        {
            Decide(report);
            asked++;
        }
        await UntilEmptyAsync();
        Assert.Equal(10, asked);
        Assert.Equal(1000, _world.Sent.Distinct().Count());
        Assert.Equal(1000, _world.Sent.Count);
        Assert.InRange(_world.Most, 1, 3);
    }

    [Fact]
    public async Task Mail_for_forty_sites_is_delivered_over_the_few_connections_that_the_node_has()
    {
        for (var i = 0; i < 120; i++)
        {
            await AcceptAsync(string.Create(CultureInfo.InvariantCulture, $"user{i}@d{i % 40}.example"));
        }
        await foreach (var report in ReportsAsync(40))
        {
            Decide(report, route: To(Site($"mx.{report.Domain}")));
        }
        await UntilEmptyAsync();
        Assert.Equal(120, _world.Sent.Distinct().Count());
        Assert.InRange(_world.Most, 1, 5);
    }

    private async IAsyncEnumerable<DeliveryProtocol.Report> ReportsAsync(int domains)
    {
        var seen = new HashSet<DomainName>();
        while (seen.Count < domains)
        {
            var report = await ReportAsync();
            if (seen.Add(report.Domain))
            {
                yield return report;
            }
        }
    }

    [Fact]
    public async Task A_recipient_refused_for_now_is_tried_again_in_its_time_while_the_others_of_its_message_have_ended()
    {
        await AcceptAsync("4busy@example.net", "5unknown@example.net", "one@example.net");
        Decide(await ReportAsync());
        await _reports.ExpectMsgAsync<ReportProtocol.Owed>(Patience);
        await UntilAsync(() => _spool.OpenRecipients <= 2);
        var described = Assert.Single((await InspectAsync()).Described);
        Assert.Equal((1, 1, "Open"), (described.Recipients, described.Deferred, described.Stand));
        Assert.InRange(described.NextAttempt!.Value - Scheduler.Now, TimeSpan.FromMinutes(4.5), TimeSpan.FromMinutes(5.5));
        Assert.Equal(3, _world.Sent.Count);
        Scheduler.Advance(TimeSpan.FromMinutes(6));
        await UntilAsync(() => _world.Sent.Count == 4);
        Assert.Equal("4busy@example.net", _world.Sent.Last());
        await UntilAsync(() => _log.Lines.Count(l => l.Contains("status=deferred", StringComparison.Ordinal)) == 2);
        Assert.Contains(_log.Lines, l => l.Contains("dsn=5.1.1 status=bounced reply=550 5.1.1 no such user", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_domain_that_is_down_is_tried_by_one_probe_and_its_mail_flows_at_once_when_it_recovers()
    {
        _world.Unreachable = Down;
        for (var i = 0; i < 20; i++)
        {
            await AcceptAsync(string.Create(CultureInfo.InvariantCulture, $"user{i}@example.net"));
        }
        Decide(await ReportAsync());
        var report = await ReportAsync();
        Assert.Equal(DeliveryProtocol.AttemptsOutcome.Unreachable, report.Outcome);
        Decide(report, new DomainSchedule.Down(TimeSpan.FromMinutes(5)));
        await AwaitConditionAsync(async () => (await InspectAsync()).Described[0] is { Deferred: 1, Due: 19, HandedOut: 0 }, Patience);
        Assert.Equal(1, _world.Connections);

        Scheduler.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Decide(await ReportAsync(), new DomainSchedule.Probe());
        report = await ReportAsync();
        Assert.Equal((DeliveryProtocol.AttemptsOutcome.Unreachable, 2), (report.Outcome, _world.Connections));
        Decide(report, new DomainSchedule.Down(TimeSpan.FromMinutes(10)));
        await InspectAsync();       // it has heard

        _world.Unreachable = null;
        Scheduler.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        Decide(await ReportAsync(), new DomainSchedule.Probe());
        report = await ReportAsync();
        Assert.Equal((DeliveryProtocol.AttemptsOutcome.Reached, 1), (report.Outcome, _world.Sent.Count));
        Decide(report);
        await UntilEmptyAsync();
        Assert.Equal(20, _world.Sent.Distinct().Count());
    }

    [Fact]
    public async Task A_question_without_an_answer_is_repeated_after_one_two_and_four_seconds()
    {
        await AcceptAsync("one@example.net");
        var first = await ReportAsync();
        foreach (var wait in new[] { 1, 2, 4 })
        {
            Scheduler.Advance(TimeSpan.FromSeconds(wait - 0.1));
            await InspectAsync();
            Assert.False(_delivery.HasMessages);
            Scheduler.Advance(TimeSpan.FromSeconds(0.2));
            Assert.True((await ReportAsync()).Number > first.Number);
        }
    }

    [Fact]
    public async Task A_decision_is_used_until_it_runs_out_and_asked_anew_only_where_there_is_mail()
    {
        await AcceptAsync("one@example.net");
        Decide(await ReportAsync(), minutes: 10);
        await UntilEmptyAsync();
        await AcceptAsync("two@example.net");
        await UntilAsync(() => _world.Sent.Count == 2);
        await UntilEmptyAsync();
        Assert.False(_delivery.HasMessages);
        Scheduler.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(0, (await ReportAsync()).Waiting);     // goodbye
        Scheduler.Advance(TimeSpan.FromMinutes(20));
        await InspectAsync();
        Assert.False(_delivery.HasMessages);
        await AcceptAsync("three@example.net");
        var report = await ReportAsync();
        Assert.True(report is { Waiting: 1, Refresh: true });
    }

    [Fact]
    public async Task Mail_for_a_domain_that_does_not_exist_bounces_and_for_one_whose_name_servers_fail_waits()
    {
        await AcceptAsync("one@nowhere.example", "two@example.net");
        await foreach (var report in ReportsAsync(2))
        {
            Decide(report, route: new Route.Nowhere(report.Domain == Example ? DnsFails : NoDomain));
        }
        await _reports.ExpectMsgAsync<ReportProtocol.Owed>(Patience);
        await AwaitConditionAsync(async () => (await InspectAsync()).Described is [{ Deferred: 1, Stand: "Unroutable" }], Patience);
        await UntilAsync(() => _log.Lines.Count == 2);
        Assert.Contains(_log.Lines, l => l.Contains("to=<one@nowhere.example> relay=none", StringComparison.Ordinal) && l.Contains("status=bounced reply=550 5.1.2", StringComparison.Ordinal));
        Assert.Contains(_log.Lines, l => l.Contains("to=<two@example.net>", StringComparison.Ordinal) && l.Contains("status=deferred reply=451 4.4.3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_has_waited_its_lifetime_expires_whatever_the_domain_does_after_one_notice_of_the_delay()
    {
        await AcceptAsync("one@example.net");
        var until = Scheduler.Now + TimeSpan.FromDays(5);
        await ReportAsync();        // and no answer, ever
        Scheduler.Advance(TimeSpan.FromHours(4) + TimeSpan.FromSeconds(1));
        var delayed = await _reports.ExpectMsgAsync<ReportProtocol.Delayed>(Patience);
        Assert.InRange(delayed.Until, until - TimeSpan.FromSeconds(1), until);
        Scheduler.Advance(TimeSpan.FromDays(5));
        await _reports.ExpectMsgAsync<ReportProtocol.Owed>(Patience);
        await UntilEmptyAsync();
        Assert.Contains("dsn=5.4.7 status=expired", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paused_it_hands_out_nothing_and_resumed_it_goes_on()
    {
        _queue.Tell(new QueueProtocol.Pause());
        await AcceptAsync("one@example.net");
        await AwaitConditionAsync(async () => (await InspectAsync()).Entries == 1, Patience);
        Assert.False(_delivery.HasMessages);
        _queue.Tell(new QueueProtocol.Resume());
        Decide(await ReportAsync());
        await UntilEmptyAsync();
    }

    [Fact]
    public async Task Tells_a_new_delivery_actor_that_its_predecessor_has_closed_the_domain()
    {
        await AcceptAsync("4one@example.net");
        var first = await ReportAsync();
        Assert.False(first.Closed);
        Decide(first, closed: true, schedule: new DomainSchedule.Down(TimeSpan.FromMinutes(1)));
        await InspectAsync();
        Scheduler.Advance(TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(1));
        Assert.True((await ReportAsync()).Closed);
    }

    [Fact]
    public async Task Begins_nothing_for_a_suspended_domain_until_it_is_resumed_and_then_at_once()
    {
        Suspend(new Suspension(Example, null, "operator", "complaints", DateTimeOffset.UnixEpoch));
        await AcceptAsync("one@example.net");
        await AcceptAsync("one@other.example");
        await foreach (var report in ReportsAsync(2))
        {
            Decide(report);
        }
        await UntilAsync(() => _world.Sent.Contains("one@other.example"));
        Assert.DoesNotContain("one@example.net", _world.Sent);
        Assert.Equal("Suspended", Assert.Single((await InspectAsync()).Described, d => d.Domain == Example).Stand);

        Suspend();
        await UntilEmptyAsync();
        Assert.Contains("one@example.net", _world.Sent);
    }

    [Fact]
    public async Task Mail_of_a_suspended_domain_expires_all_the_same()
    {
        Suspend(new Suspension(Example, null, "operator", "complaints", DateTimeOffset.UnixEpoch));
        await AcceptAsync("one@example.net");
        Decide(await ReportAsync());
        await InspectAsync();
        Scheduler.Advance(TimeSpan.FromDays(5) + TimeSpan.FromMinutes(1));
        await UntilEmptyAsync();
        Assert.DoesNotContain("one@example.net", _world.Sent);
    }

    [Fact]
    public async Task An_outbound_actor_that_fails_by_a_bug_puts_off_its_message_and_stops_nothing_else()
    {
        await AcceptAsync("bug@example.net");
        await AcceptAsync("one@other.example");
        await foreach (var report in ReportsAsync(2))
        {
            Decide(report);
        }
        await UntilAsync(() => _world.Sent.Contains("one@other.example"));
        await AwaitConditionAsync(async () => (await InspectAsync()).Described is [{ Deferred: 1 }], Patience);
        Assert.Contains(_log.Lines, l => l.Contains("to=<bug@example.net>", StringComparison.Ordinal) && l.Contains("status=deferred reply=451 4.3.0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Idle_pools_close_their_connections_and_leave()
    {
        await AcceptAsync("one@example.net");
        Decide(await ReportAsync());
        await UntilEmptyAsync();
        await UntilAsync(() => _world.Open == 1);
        Scheduler.Advance(TimeSpan.FromSeconds(11));
        await UntilAsync(() => _world.Open == 0);
        await AcceptAsync("two@example.net");
        await UntilAsync(() => _world.Sent.Contains("two@example.net"));
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class RecordingLogger : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
