using MailCluster.Actors.Queue;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>
/// The decisions for one destination domain: where (the route), when (the schedule while it is down) and how much (open or closed). Pure: time (monotonic) and chance come in, messages go out.
/// </summary>
/// <remarks>
/// <code>
///             unreachable                back-off over, a node reports
///   Open ───────────────────► Down ─────────────────────────────────────► Probing (one node)
///    ▲                         ▲ └─ everyone else: told to wait              │  │  └─ over time: the next node that reports
///    │                         └──────────────── unreachable ────────────────┘  │
///    └──────────────────────────────────── reached, by anyone ──────────────────┘
/// </code>
/// </remarks>
internal sealed partial class DeliveryState(DomainName domain, RetryOptions retry, long queueLimit, Random random)
{
    /// <summary>The longest a node uses a decision without asking. Bounds how old what is known of a node's queue can be.</summary>
    public static readonly TimeSpan LongestDecision = TimeSpan.FromMinutes(5);

    /// <summary>The same while the domain's queue is half full or more, so that it is closed in time.</summary>
    public static readonly TimeSpan DecisionNearLimit = TimeSpan.FromSeconds(10);

    /// <summary>A node that has not reported for three times as long as its decision holds is forgotten, at the latest after this: it has missed several ends. So what waits on a node that died
    /// keeps a full domain closed for half a minute only.</summary>
    public static readonly TimeSpan ForgetAfter = 3 * LongestDecision;

    /// <summary>The least of that.</summary>
    private static TimeSpan MissedDecisions => 3 * DecisionNearLimit;

    /// <summary>How long one node may take for the probe: a connection to each of some hosts, and the greeting. Then another may.</summary>
    public static readonly TimeSpan ProbeTime = TimeSpan.FromMinutes(5);

    /// <summary>A report that asks for it has the domain resolved anew, but not sooner than so long after the last time.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long an actor that nothing would be lost with stays after the last report, so that a domain with steady mail is not made anew with each message.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    /// <summary>How long a route that has run out is still used when the name servers fail (RFC 8767 in spirit).</summary>
    public static readonly TimeSpan StaleFor = TimeSpan.FromHours(1);

    private readonly List<Reporter> _reporters = [];
    private Route? _route;
    private TimeSpan _routeUntil;
    private TimeSpan _resolvedAt;
    private bool _resolving;
    private TimeSpan _lastReport;

    /// <summary>A node reports.</summary>
    public void On(DeliveryProtocol.Report report, TimeSpan now, List<DeliveryEffect> effects)
    {
        _lastReport = now;
        Forget(now);
        var reporter = _reporters.Find(known => known.Node == report.Node);
        var isNew = reporter is null || report.Number > reporter.Number;
        if (reporter is null)
        {
            _reporters.Add(reporter = new Reporter(report.Node));
        }
        else if (report.Number < reporter.Number)
        {
            return;     // Late: a newer one has been taken.
        }

        reporter.Number = report.Number;
        reporter.ForgetAt = now + ForgetAfter;
        reporter.Waiting = Math.Max(0, report.Waiting);
        if (isNew)
        {
            CountOutcome(report, now, effects);
        }

        if (reporter.Waiting == 0)
        {
            // Goodbye needs no answer. A node that was told to close is kept, to be told of the opening.
            reporter.Owed = 0;
            if (_prober == reporter.Node)
            {
                _prober = null;
            }
        }
        else
        {
            reporter.Owed = report.Number;
        }

        Inherit(report, now, effects);
        DecideClosed(now, effects);
        if (reporter.Waiting == 0 && !reporter.ToldClosed)
        {
            _reporters.Remove(reporter);
        }

        AnswerOrResolve(reporter, report.Refresh, now, effects);
    }

    /// <summary>The name servers have answered, one way or the other.</summary>
    public void On(Resolution resolution, TimeSpan now, List<DeliveryEffect> effects)
    {
        _resolving = false;
        _resolvedAt = now;
        var previous = _route;
        if (resolution.Route is Route.Nowhere { Failure.IsPermanent: false } && previous is Route.To && now < _routeUntil + StaleFor)
        {
            // The name servers fail, the hosts may be well: go on as before, and ask again soon.
            _retryRouteAt = now + resolution.TimeToLive;
        }
        else
        {
            _route = resolution.Route;
            _routeUntil = now + resolution.TimeToLive;
            _retryRouteAt = _routeUntil;
        }

        var changed = previous is not null && !ReferenceEquals(previous, _route) && !Same(previous, _route!);
        foreach (var reporter in _reporters)
        {
            if (reporter.Owed != 0 || (changed && reporter.Waiting > 0))
            {
                Tell(reporter, now, effects);
            }
        }
    }

    /// <summary>Time has passed: see <see cref="Next"/>.</summary>
    public void OnTick(TimeSpan now, List<DeliveryEffect> effects)
    {
        Forget(now);
        DecideClosed(now, effects);
        RepeatClosing(effects);
        RepeatOpening(now, effects);
    }

    /// <summary>True where the next report would bring back all that is known: the domain is up and open, its queue is short, and nobody waits for an answer.</summary>
    public bool IsIdle(TimeSpan now) =>
        now - _lastReport >= Linger && !_resolving && !IsClosed && !IsTellingOpening(now) && _waiting < queueLimit / 20 && !HoldsFailures(now);

    /// <summary>How long until the next tick is due.</summary>
    public TimeSpan Next(TimeSpan now)
    {
        var linger = _lastReport + Linger - now;
        return linger > TimeSpan.Zero ? linger : Linger;
    }

    private TimeSpan _retryRouteAt;

    private void AnswerOrResolve(Reporter reporter, bool refresh, TimeSpan now, List<DeliveryEffect> effects)
    {
        if (reporter.Owed == 0)
        {
            return;
        }

        var runOut = _route is null || now >= _retryRouteAt;
        var anew = refresh && (_route is null || now - _resolvedAt >= RefreshInterval);
        if (_resolving)
        {
            return;     // Answered when it is done.
        }

        if (runOut || anew)
        {
            _resolving = true;
            effects.Add(new DeliveryEffect.Resolve(anew ? RefreshInterval : TimeSpan.MaxValue));
            return;
        }

        Tell(reporter, now, effects);
    }

    private void Tell(Reporter reporter, TimeSpan now, List<DeliveryEffect> effects)
    {
        var timeToLive = _retryRouteAt - now;
        timeToLive = timeToLive < LongestDecision ? timeToLive : LongestDecision;
        timeToLive = _waiting * 2 < queueLimit || timeToLive < DecisionNearLimit ? timeToLive : DecisionNearLimit;
        timeToLive = timeToLive > TimeSpan.FromSeconds(1) ? timeToLive : TimeSpan.FromSeconds(1);
        effects.Add(new DeliveryEffect.Tell(reporter.Node, new DeliveryProtocol.Decision(domain, reporter.Owed, _route!, ScheduleFor(reporter, now), IsClosed, timeToLive)));
        reporter.Owed = 0;
        reporter.ToldClosed = IsClosed;
        reporter.ForgetAt = now + (3 * timeToLive > MissedDecisions ? 3 * timeToLive : MissedDecisions);
    }

    /// <summary>Tells all nodes, unasked. Before the first route is known they are all owed an answer anyway.</summary>
    private void TellAll(TimeSpan now, List<DeliveryEffect> effects, Reporter? except = null)
    {
        if (_route is null)
        {
            return;
        }

        foreach (var reporter in _reporters)
        {
            if (reporter != except && reporter.Owed == 0)
            {
                Tell(reporter, now, effects);
            }
        }
    }

    private void Forget(TimeSpan now) => _reporters.RemoveAll(reporter => now >= reporter.ForgetAt);

    private static bool Same(Route left, Route right) => (left, right) switch
    {
        (Route.To a, Route.To b) => a.Site == b.Site && a.Hosts.Length == b.Hosts.Length && a.Hosts.Zip(b.Hosts).All(pair => Same(pair.First, pair.Second)),
        (Route.Nowhere a, Route.Nowhere b) => a.Failure.Reply.ToString() == b.Failure.Reply.ToString(),
        _ => false,
    };

    private static bool Same(RouteHost left, RouteHost right) =>
        left.Name == right.Name && left.Preference == right.Preference && left.Port == right.Port && left.Addresses.SequenceEqual(right.Addresses);

    /// <summary>One node that has reported.</summary>
    private sealed class Reporter(NodeId node)
    {
        public NodeId Node { get; } = node;

        public long Number { get; set; }

        public int Waiting { get; set; }

        /// <summary>If it has not reported until then.</summary>
        public TimeSpan ForgetAt { get; set; }

        /// <summary>The report it is owed an answer for; 0 for none.</summary>
        public long Owed { get; set; }

        /// <summary>True where the last decision told it so.</summary>
        public bool ToldClosed { get; set; }
    }
}
