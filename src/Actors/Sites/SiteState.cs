using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>
/// The granter's decisions for one site and source. Invariant: the sum of unexpired leases never exceeds the highest limit in force during the last time-to-live. Pure: time and the view of
/// the cluster come in, messages go out. Its times are monotonic; see <see cref="Moment"/>.
/// </summary>
/// <remarks>
/// <code>
///            members all answered, the gone gone for longer
///   Learning ──────────────────────────────────────────────► Granting ──failures──► Broken ──back-off over──► Probing
///      ▲                                                       │  ▲                    ▲  └──────failure──────────┤
///      └────────── a newer incarnation was heard of ───────────┘  └────────────────────┼────────success───────────┘
/// </code>
/// Learning and the circuit are independent of each other: failures are counted while learning too.
/// </remarks>
internal sealed partial class SiteState
{
    /// <summary>How long a grant counts here.</summary>
    private static readonly TimeSpan Counted = LeaseTiming.TimeToLive + LeaseTiming.Drift;

    /// <summary>An actor that holds nothing stays for so long, so that a site in steady use is not made anew with each message.</summary>
    private static readonly TimeSpan Linger = LeaseTiming.Renewal;

    private readonly SiteKey _site;
    private readonly SiteOptions _options;
    private readonly Dictionary<NodeId, Holder> _holders = [];
    private Epoch _epoch;
    private TimeSpan _lastRequest;

    /// <summary>A new incarnation.</summary>
    /// <param name="site">The site.</param>
    /// <param name="epoch">This incarnation.</param>
    /// <param name="knows">True where its node has hosted the site throughout the grace time: it starts at once.</param>
    /// <param name="options">When the site is down.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="now">Now.</param>
    /// <param name="effects">What is to be done.</param>
    public SiteState(SiteKey site, Epoch epoch, bool knows, SiteOptions options, Membership.View view, Moment now, List<SiteEffect> effects)
    {
        _site = site;
        _epoch = epoch;
        _options = options;
        _lastRequest = now.Monotonic;
        if (!knows)
        {
            Learn(view, now, effects);
        }
    }

    /// <summary>This incarnation.</summary>
    public Epoch Epoch => _epoch;

    /// <summary>A node asks.</summary>
    public void On(SiteProtocol.Request request, Membership.View view, Moment at, List<SiteEffect> effects)
    {
        var now = at.Monotonic;
        _lastRequest = now;
        if (request.Epoch > _epoch)
        {
            // Another incarnation was here after this one began, or the clock of an earlier one ran ahead. Its grants are unknown.
            BeginAnew(request.Epoch, view, at, effects);
        }

        Forget(view, now);
        if (!_holders.TryGetValue(request.Node, out var holder))
        {
            _holders[request.Node] = holder = new Holder(request.Node);
        }
        else if (request.Number < holder.Number)
        {
            return;     // Late: a newer one has been answered.
        }

        holder.Take(request, _epoch, now);
        CountFailures(holder, request, now);
        ProceedLearning(view, at, effects);
        effects.Add(new SiteEffect.Tell(request.Node, Answer(holder, request.Number, view, at)));
        Offer(view, at, effects);
    }

    /// <summary>Time has passed: see <see cref="Next"/>.</summary>
    public void OnTick(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        Forget(view, at.Monotonic);
        ProceedLearning(view, at, effects);
        AskAgain(view, at, effects);
        Offer(view, at, effects);
    }

    /// <summary>True where nothing would be lost with the actor: no lease runs, nobody wants one, no failure counts.</summary>
    public bool IsIdle(Moment at)
    {
        var now = at.Monotonic;
        return now - _lastRequest >= Linger && !IsLearning && !HasFailures(now) && _holders.Values.All(holder => holder.CountedAt(now) == 0 && !holder.Demands(now));
    }

    /// <summary>True while something this incarnation granted, or was told of, may still be held.</summary>
    public bool HasLeases(Moment at) => IsLearning || _holders.Values.Any(holder => holder.CountedAt(at.Monotonic) > 0);

    /// <summary>How long until the next tick is due.</summary>
    public TimeSpan Next => IsLearning || _holders.Values.Any(holder => holder.WaitingSince is not null) ? TimeSpan.FromSeconds(1) : Linger;

    private SiteProtocol.ISiteMessage Answer(Holder holder, long number, Membership.View view, Moment at)
    {
        var now = at.Monotonic;
        if (holder.Demand == 0)
        {
            return Held(number, SiteProtocol.HeldReason.Taken, LeaseTiming.Renewal);
        }

        // One that this node does not know as up could be gone already, or unknown to the next incarnation: what it was granted would be missing from the grace time.
        var target = !view.IsCurrent(at) || !view.IsUp(holder.Node) ? 0 : IsLearning ? Continued(holder, view, now) : Target(holder, now);
        if (target <= 0 && (IsLearning || !view.IsCurrent(at) || !view.IsUp(holder.Node)))
        {
            holder.Wait(now);
            return Held(number, SiteProtocol.HeldReason.Unready, TimeSpan.FromSeconds(1));
        }

        if (IsBroken(holder, now, out var retryAfter, out var probes))
        {
            holder.Wait(now);
            return Held(number, SiteProtocol.HeldReason.Broken, retryAfter);
        }

        var connections = probes ? Math.Min(target, 1) : target;
        if (!IsLearning)
        {
            connections = Math.Min(connections, Room(holder, now) - WaitingBefore(holder, now));
        }

        if (connections <= 0)
        {
            holder.Wait(now);
            return Held(number, SiteProtocol.HeldReason.Taken, LeaseTiming.Renewal);
        }

        holder.Grant(number, connections, now);
        return new SiteProtocol.Granted(_site, number, _epoch, connections, LeaseTiming.TimeToLive);
    }

    private SiteProtocol.Held Held(long number, SiteProtocol.HeldReason reason, TimeSpan retryAfter) => new(_site, number, _epoch, retryAfter, reason);

    private void Forget(Membership.View view, TimeSpan now)
    {
        foreach (var holder in _holders.Values)
        {
            if (!view.Members.Contains(holder.Node))
            {
                holder.Leave();
            }

            if (!holder.IsHeard(now) && holder.CountedAt(now) == 0 && !(IsLearning && holder.Had.Connections > 0))
            {
                _holders.Remove(holder.Node);
            }
        }
    }

    /// <summary>One node, as the granter knows it.</summary>
    private sealed class Holder(NodeId node)
    {
        private readonly List<(long Number, int Connections, TimeSpan Until)> _grants = [];
        private int _open;

        public NodeId Node { get; } = node;

        public long Number { get; private set; }

        public int Demand { get; private set; }

        public int Limit { get; private set; }

        public TimeSpan HeardAt { get; private set; } = TimeSpan.MinValue;

        /// <summary>As it last reported them; see <see cref="CountFailures"/>.</summary>
        public int Failures { get; set; }

        /// <summary>Since when it wants a connection and has none; null where it has one, or wants none.</summary>
        public TimeSpan? WaitingSince { get; private set; }

        /// <summary>Since when it has had a slot.</summary>
        public TimeSpan? ServedSince { get; private set; }

        /// <summary>When it was last offered a slot, and how often since it last asked.</summary>
        public (TimeSpan At, int Times) Offered { get; set; } = (TimeSpan.MinValue, 0);

        /// <summary>Its part of the limit, by the newest <see cref="ShareOut"/>.</summary>
        public int Share { get; set; }

        /// <summary>While learning: what a predecessor had granted it.</summary>
        public Past Had { get; set; }

        public bool IsHeard(TimeSpan now) => HeardAt != TimeSpan.MinValue && now - HeardAt < LeaseTiming.TimeToLive;

        public bool Demands(TimeSpan now) => Demand > 0 && IsHeard(now);

        /// <summary>What it may still hold at a time to come, by what is known now: leases that run then, and sockets it had open when it last asked.</summary>
        public int CountedAt(TimeSpan then) => Math.Max(IsHeard(then) ? _open : 0, LeasedAt(then));

        /// <summary>The leases alone.</summary>
        public int LeasedAt(TimeSpan then)
        {
            var leased = 0;
            foreach (var (_, connections, until) in _grants)
            {
                if (until > then)
                {
                    leased = Math.Max(leased, connections);
                }
            }

            return leased;
        }

        public void Take(SiteProtocol.Request request, Epoch epoch, TimeSpan now)
        {
            Number = request.Number;
            (Demand, Limit, _open) = (Math.Max(0, request.Demand), Math.Max(0, request.Limit), Math.Max(0, request.Held));
            HeardAt = now;
            Offered = (TimeSpan.MinValue, 0);
            _grants.RemoveAll(grant => grant.Until <= now || (request.Epoch == epoch && grant.Number < request.Heard));
            if (request.Demand <= 0)
            {
                // What a predecessor had granted it stays its own while learning: between two mails it may want nothing for a moment, and nobody else gets it before the grace is over.
                _grants.Clear();
                (WaitingSince, ServedSince) = (null, null);
            }
            else if (CountedAt(now) == 0)
            {
                ServedSince = null;
                WaitingSince ??= now;
            }
        }

        public void Grant(long number, int connections, TimeSpan now)
        {
            _grants.Add((number, connections, now + Counted));
            ServedSince ??= now;
            WaitingSince = null;
        }

        /// <summary>It is no member any more: it wants nothing. What it was granted counts until it has run out.</summary>
        public void Leave() => (Demand, WaitingSince, Had) = (0, null, default);

        /// <summary>It was told to wait. What it holds it may still hold; its turn is over.</summary>
        public void Wait(TimeSpan now)
        {
            WaitingSince ??= now;
            ServedSince = null;
        }

        /// <summary>What a predecessor granted it.</summary>
        public void Claim(int connections, TimeSpan until, TimeSpan now)
        {
            _grants.Add((0, connections, until));
            ServedSince ??= now;
        }
    }
}
