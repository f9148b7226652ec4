using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Event;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>Grants the nodes leases of connections to one site from one source: the shell of <see cref="SiteState"/>. Sharded by <see cref="SiteKey"/>; stops only when nothing it granted can still be held.</summary>
internal sealed class SiteActor : UntypedActor, IWithTimers
{
    private readonly SiteKey _site;
    private readonly SiteNode _node;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly NodeId _self;
    private readonly string _shard = Context.Parent.Path.Name;
    private readonly long _shardIncarnation = Context.Parent.Path.Uid;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<NodeId, IActorRef> _askers = [];
    private readonly List<SiteEffect> _effects = [];
    private readonly LearnedFact _fact = new();
    private SiteState _state = null!;
    private TimeSpan _tickAt = TimeSpan.MaxValue;
    private bool _wasOpen;
    private bool _stopping;

    public SiteActor(SiteKey site, SiteNode node)
    {
        _site = site;
        _node = node;
        _self = NodeId.Of(_cluster.SelfUniqueAddress);
    }

    /// <summary>Under which its fact is kept.</summary>
    internal static FactKey FactOf(SiteKey site) => new(FactKey.SiteBroken, site.ToString());

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        var now = Now;
        var knows = _node.Tenure.Knows(_shard, _shardIncarnation, now);
        _state = new SiteState(_site, new Epoch(now.Wall.UtcTicks, _self.Incarnation), knows, _node.Options, _node.Membership.Now, now, _effects);
        Hear(_node.Facts.Find(FactOf(_site), now.Wall), now);
        CarryOut(now);
    }

    protected override void PostStop()
    {
        var now = Now;
        if (_state.HasLeases(now))
        {
            _node.Tenure.Interrupted(_shard, _shardIncarnation, now);
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
                case SiteProtocol.ISiteMessage late:
                    // It came between the decision to stop and the stop. The shard keeps it for the next incarnation.
                    Context.Parent.Forward(late);
                    return;
            }
        }

        var now = Now;
        if (message is SiteProtocol.Request asks)
        {
            _node.Membership.Heard(asks.Node, now);
        }

        var view = _node.Membership.Now;
        switch (message)
        {
            case SiteProtocol.Request request:
                _askers[request.Node] = Sender;
                Hear(request.Fact, now);
                _state.On(request, view, now, _effects);
                break;
            case SiteProtocol.Holding holding:
                Hear(holding.Fact, now);
                _state.On(holding, view, now, _effects);
                break;
            case Tick:
                _tickAt = TimeSpan.MaxValue;
                _state.OnTick(view, now, _effects);
                break;
            default:
                Unhandled(message);
                return;
        }

        CarryOut(now);
    }

    private static Moment Now => Moment.Of(Context.System.Scheduler);

    private void Hear(Fact? fact, Moment now)
    {
        if (_fact.Hear(fact, now.Wall))
        {
            _state.Inherit(_fact.Level, now);
        }
    }

    private SiteProtocol.ISiteMessage WithFact(SiteProtocol.ISiteMessage message, Moment now) => _fact.Newest is not { } fact || fact.Expires <= now.Wall ? message : message switch
    {
        SiteProtocol.Granted granted => granted with { Fact = fact },
        SiteProtocol.Held held => held with { Fact = fact },
        _ => message,
    };

    private void CarryOut(Moment now)
    {
        if (_fact.Learn(_state.Opened, _state.FailuresCount(now), now.Wall))
        {
            _node.Facts.Keep(FactOf(_site), _fact.Newest, now.Wall);
        }

        // What this node holds itself is known without a message, and may call for further effects.
        for (var i = 0; i < _effects.Count; i++)
        {
            switch (_effects[i])
            {
                case SiteEffect.Tell tell when _askers.TryGetValue(tell.Node, out var asker):
                    asker.Tell(WithFact(tell.Message, now), Self);
                    break;
                case SiteEffect.Ask ask when ask.Node == _self:
                    var newest = _node.Holdings.Tell(_site, ask.Message.Epoch, now, out var lease);
                    _state.On(new SiteProtocol.Holding(_site, _self, newest, lease, _node.Membership.Now.GoneSince(now)), _node.Membership.Now, now, _effects);
                    break;
                case SiteEffect.Ask ask:
                    Context.ActorSelection(new RootActorPath(ask.Node.ToAddress(_cluster.SelfAddress)) / "user" / HoldingsActor.Name).Tell(ask.Message, Self);
                    break;
            }
        }

        _effects.Clear();
        if (_state.IsOpen != _wasOpen)
        {
            _wasOpen = _state.IsOpen;
            if (_wasOpen)
            {
                _log.Warning("site={0} circuit open: connections fail one after the other", _site);
            }
            else
            {
                _log.Info("site={0} circuit closed: a connection got through", _site);
            }
        }

        if (_state.IsIdle(now))
        {
            _stopping = true;
            Context.Parent.Tell(new Passivate(Stop.Instance));
        }
        else if (now.Monotonic + _state.Next is var due && due < _tickAt)
        {
            // Never put off by a message, or steady requests would keep it from ever coming.
            _tickAt = due;
            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, _state.Next);
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
