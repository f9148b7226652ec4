using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Event;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Wire;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Delivery;

/// <summary>Decides where, when and how much for one destination domain: the shell of <see cref="DeliveryState"/>. Sharded by domain; holds no mail, so losing one loses nothing.</summary>
internal sealed class DeliveryActor : UntypedActor, IWithTimers
{
    private readonly DomainName _domain;
    private readonly DeliveryNode _node;
    private readonly DeliveryState _state;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<NodeId, IActorRef> _reporters = [];
    private readonly List<DeliveryEffect> _effects = [];
    private readonly LearnedFact _fact = new();
    private bool _wasDown;
    private bool _wasClosed;
    private bool _stopping;

    public DeliveryActor(DomainName domain, DeliveryNode node)
    {
        _domain = domain;
        _node = node;
        _state = new DeliveryState(domain, node.Retry, node.QueuePerDomain, Random.Shared);
    }

    /// <summary>Under which its fact is kept.</summary>
    internal static FactKey FactOf(DomainName domain) => new(FactKey.DomainDown, domain.Value);

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Hear(_node.Facts.Find(FactOf(_domain), Wall), Context.System.Scheduler.MonotonicClock);

    private static DateTimeOffset Wall => Context.System.Scheduler.Now;

    private void Hear(Fact? fact, TimeSpan now)
    {
        if (_fact.Hear(fact, Wall))
        {
            _state.Inherit(_fact.Level, now, _effects);
        }
    }

    protected override void OnReceive(object message)
    {
        if (_stopping)
        {
            switch (message)
            {
                case Stop:
                    Context.Stop(Self);
                    return;
                case DeliveryProtocol.IDeliveryMessage late:
                    // It came between the decision to stop and the stop. The shard keeps it for the next incarnation.
                    Context.Parent.Forward(late);
                    return;
            }
        }

        var now = Context.System.Scheduler.MonotonicClock;
        switch (message)
        {
            case DeliveryProtocol.Report report:
                _reporters[report.Node] = Sender;
                Hear(report.Fact, now);
                _state.On(report, now, _effects);
                break;
            case Resolution resolution:
                _state.On(resolution, now, _effects);
                break;
            case Tick:
                _state.OnTick(now, _effects);
                break;
            default:
                Unhandled(message);
                return;
        }

        CarryOut(now);
    }

    private void CarryOut(TimeSpan now)
    {
        if (_fact.Learn(_state.Failures, _state.FailuresCount(now), Wall))
        {
            _node.Facts.Keep(FactOf(_domain), _fact.Newest, Wall);
        }

        var fact = _fact.Newest is { } newest && newest.Expires > Wall ? newest : null;
        foreach (var effect in _effects)
        {
            switch (effect)
            {
                case DeliveryEffect.Tell tell when _reporters.TryGetValue(tell.Node, out var reporter):
                    reporter.Tell(fact is null ? tell.Decision : tell.Decision with { Fact = fact }, Self);
                    break;
                case DeliveryEffect.Announce announce:
                    foreach (var member in _cluster.State.Members.Where(member => member.Status is not (MemberStatus.Down or MemberStatus.Removed)))
                    {
                        Context.ActorSelection(new RootActorPath(member.Address) / "user" / ClosedDomainsActor.Name).Tell(announce.Closing, Self);
                    }

                    break;
                case DeliveryEffect.Resolve resolve:
                    // Always a value: a failure of the name servers is a route to nowhere.
                    _node.Resolver.ResolveAsync(_domain, resolve.MaxAge).PipeTo(Self, failure: cause => RouteDecision.Failed(_domain, cause.Message));
                    break;
            }
        }

        _effects.Clear();
        LogChanges();
        if (_state.IsIdle(now))
        {
            _stopping = true;
            Context.Parent.Tell(new Passivate(Stop.Instance));
        }
        else if (!Timers.IsTimerActive(Tick.Instance))
        {
            // Never put off by a message, or steady reports would keep it from ever coming.
            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, _state.Next(now));
        }
    }

    private void LogChanges()
    {
        if (_state.IsDown != _wasDown)
        {
            _wasDown = _state.IsDown;
            _log.Info(_wasDown ? "domain={0} down: no mail exchanger can be reached" : "domain={0} up again", _domain);
        }

        if (_state.IsClosed != _wasClosed)
        {
            _wasClosed = _state.IsClosed;
            _log.Warning(_wasClosed ? "domain={0} closed: its queue is full in the whole cluster" : "domain={0} open again", _domain);
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    /// <summary>The shard's leave to stop.</summary>
    private sealed class Stop : INoSerializationVerificationNeeded
    {
        public static readonly Stop Instance = new();
    }
}
