using System.Globalization;
using Akka.Actor;
using Akka.Event;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Sites;

/// <summary>The pool of one site on this node: carries out what <see cref="SitePoolState"/> decides, with a child for each connection. It lives while there is mail, an allowance or a connection.</summary>
internal sealed class SitePoolActor : UntypedActor, IWithTimers
{
    /// <summary>Ended jobs are gathered while more messages wait, up to this many.</summary>
    private const int EndedAtATime = 64;

    private static readonly DeliveryFailure Broken =
        new(FailureScope.Transaction, new Reply(451, new EnhancedStatusCode(4, 3, 0), "internal error during delivery"), null, IsLocal: true);

    private readonly SiteKey _site;
    private readonly SitePoolParts _parts;
    private readonly SitePoolState _state;
    private readonly SitePoolEffects _effects = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _queues = [];
    private readonly List<List<JobEnded>> _ended = [];
    private readonly Dictionary<int, IActorRef> _connections = [];
    private readonly Dictionary<IActorRef, int> _numbers = [];
    private int _gathered;
    private bool _flushing;
    private bool _leaving;
    private Moment? _wakesAt;
    private TimeSpan _wakesAfter;

    public SitePoolActor(SiteKey site, SitePoolParts parts)
    {
        _site = site;
        _parts = parts;
        _state = new(site, parts.Node, parts.Delivery, parts.Numbers, parts.Holdings, parts.Connections, parts.Questions);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>A connection that fails by a bug is gone; its job is put off.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        var now = Moment.Of(Context.System.Scheduler);
        switch (message)
        {
            case SitePoolProtocol.AttemptEnded ended when _numbers.TryGetValue(Sender, out var number):
                _state.AttemptEnded(number, ended.Job, now, _effects);
                break;
            case SitePoolProtocol.AttemptEnded ended:
                ended.Job.Delivery?.Dispose();
                break;
            case SitePoolProtocol.Idle idle when _numbers.TryGetValue(Sender, out var number):
                _state.Idle(number, idle.State, now, _effects);
                break;
            case SitePoolProtocol.Ready ready:
                _state.On(ready, QueueOf(Sender), now, _effects);
                break;
            case SitePoolProtocol.Waiting waiting:
                _state.On(waiting, QueueOf(Sender), now, _effects);
                break;
            case Flush:
                _flushing = false;
                TellEnded();
                break;
            case SitePoolProtocol.Closed closed when _numbers.TryGetValue(Sender, out var number):
                Forget(Sender, number);
                _state.Closed(number, closed.Failure, now, _effects);
                break;
            case Terminated terminated when _numbers.TryGetValue(terminated.ActorRef, out var number):
                Forget(terminated.ActorRef, number);
                _log.Error("Connection {0} to {1} has failed; what it was delivering is put off", number, _site);
                _state.Closed(number, Broken, now, _effects);
                break;
            case SiteProtocol.Granted granted:
                _parts.Facts.Keep(SiteActor.FactOf(_site), granted.Fact, now.Wall);
                _state.On(granted, now, _effects);
                break;
            case SiteProtocol.Held held:
                _parts.Facts.Keep(SiteActor.FactOf(_site), held.Fact, now.Wall);
                _state.On(held, now, _effects);
                break;
            case SiteProtocol.Offered offered:
                _state.On(offered, now, _effects);
                break;
            case SitePoolProtocol.Recall recall:
                _state.On(recall, now, _effects);
                break;
            case SitePoolProtocol.Room:
                _state.Room(now, _effects);
                break;
            case SitePoolProtocol.MayAsk:
                _state.MayAsk(now, _effects);
                break;
            case SitePoolProtocol.MakeRoom:
                _state.MakeRoom(now, _effects);
                break;
            case SitePoolProtocol.Drain:
                _state.Drain(now, _effects);
                break;
            case Wake:
                _wakesAt = null;
                _state.Elapse(now, _effects);
                break;
            case SitePoolsActor.Leave:
                _leaving = false;
                if (_state.IsEmpty && _gathered == 0)
                {
                    Context.Stop(Self);
                    return;
                }
                Context.Parent.Tell(SitePoolsActor.Stays.Instance);
                break;
            case Terminated or SitePoolProtocol.Idle or SitePoolProtocol.Closed:
                break;      // of a connection that is already forgotten
            default:
                Unhandled(message);
                return;
        }
        CarryOut();
        SetAlarm(now);
        if (_state.IsEmpty && _gathered == 0 && !_leaving)
        {
            _leaving = true;
            Context.Parent.Tell(SitePoolsActor.Empty.Instance);
        }
    }

    private void CarryOut()
    {
        foreach (var (connection, job) in _effects.Deliver)
        {
            _connections[connection].Tell(new OutboundProtocol.Deliver(job), Self);
        }
        foreach (var (queue, job) in _effects.Ended)
        {
            _ended[queue].Add(job);
            _gathered++;
        }
        if (_gathered >= EndedAtATime)
        {
            TellEnded();
        }
        else if (_gathered > 0 && !_flushing)
        {
            _flushing = true;
            Self.Tell(Flush.Instance);
        }
        foreach (var (queue, want) in _effects.Wants)
        {
            _queues[queue].Tell(want, Self);
        }
        foreach (var connection in _effects.Close)
        {
            _connections[connection].Tell(CloseConnection, Self);
        }
        foreach (var (number, route) in _effects.Open)
        {
            var connection = Context.ActorOf(_parts.Outbound(_site, route), string.Create(CultureInfo.InvariantCulture, $"connection-{number}"));
            Context.Watch(connection);
            _connections.Add(number, connection);
            _numbers.Add(connection, number);
        }
        foreach (var request in _effects.Requests)
        {
            // One that does not know of an incarnation yet may be the first to tell a new one.
            var fact = request.Epoch == default ? _parts.Facts.Find(SiteActor.FactOf(_site), Context.System.Scheduler.Now) : null;
            _parts.SiteActors.Tell(fact is null ? request : request with { Fact = fact }, Self);
        }
        _effects.Clear();
    }

    private static readonly OutboundProtocol.Close CloseConnection = new();

    private void TellEnded()
    {
        for (var i = 0; i < _ended.Count; i++)
        {
            if (_ended[i].Count > 0)
            {
                _queues[i].Tell(new QueueProtocol.Ended(_ended[i]), Self);
                _ended[i] = [];
            }
        }
        _gathered = 0;
    }

    private void Forget(IActorRef connection, int number)
    {
        Context.Unwatch(connection);
        _numbers.Remove(connection);
        _connections.Remove(number);
    }

    /// <summary>Queue actors are few, so a list is the fastest dictionary.</summary>
    private int QueueOf(IActorRef queue)
    {
        var index = _queues.IndexOf(queue);
        if (index < 0)
        {
            index = _queues.Count;
            _queues.Add(queue);
            _ended.Add([]);
        }
        return index;
    }

    /// <summary>One timer to the next event; moved only where that has come nearer.</summary>
    private void SetAlarm(Moment now)
    {
        if (_state.NextEvent(now) is not { } next)
        {
            return;
        }
        if (_wakesAt is { } at && _wakesAfter - now.Since(at) <= next)
        {
            return;
        }
        _wakesAt = now;
        _wakesAfter = next > TimeSpan.FromMilliseconds(1) ? next : TimeSpan.FromMilliseconds(1);
        Timers.StartSingleTimer(Wake.Key, Wake.Instance, _wakesAfter);
    }

    /// <summary>Whatever ends the pool, its jobs go back to their queues.</summary>
    protected override void PostStop()
    {
        _parts.Holdings.Release(_site, Moment.Of(Context.System.Scheduler));
        _parts.Connections.Forget(_site);
        _parts.Questions.End(_site);
        if (_state.IsEmpty && _gathered == 0)
        {
            return;
        }
        _state.End(Broken, _effects);
        foreach (var (queue, job) in _effects.Ended)
        {
            _ended[queue].Add(job);
        }
        TellEnded();
        foreach (var queue in _queues)
        {
            queue.Tell(new QueueProtocol.PoolGone(_site), ActorRefs.NoSender);
        }
    }

    private sealed class Wake : INoSerializationVerificationNeeded
    {
        public const string Key = "wake";
        public static readonly Wake Instance = new();
    }

    private sealed class Flush : INoSerializationVerificationNeeded
    {
        public static readonly Flush Instance = new();
    }
}
