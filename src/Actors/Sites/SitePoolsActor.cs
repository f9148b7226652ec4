using Akka.Actor;

namespace MailCluster.Actors.Sites;

/// <summary>
/// The parent of all site pools of the node: passes on what is meant for a pool, and makes the pool at the first word of waiting mail. A pool without mail asks to leave; what comes for it until it
/// has gone waits here, for its successor.
/// </summary>
internal sealed class SitePoolsActor(SitePoolParts parts) : UntypedActor
{
    private readonly Dictionary<SiteKey, IActorRef> _pools = [];
    private readonly Dictionary<IActorRef, SiteKey> _sites = [];
    private readonly Dictionary<IActorRef, List<(SitePoolProtocol.IForPool Message, IActorRef Sender)>> _leaving = [];
    private readonly List<IActorRef> _drainers = [];
    private long _made;

    /// <summary>Makes the actor.</summary>
    public static Props Props(SitePoolParts parts) => Akka.Actor.Props.Create(() => new SitePoolsActor(parts));

    /// <summary>A pool that fails by a bug has given its jobs back in its last breath, and is made anew when there is mail.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Stop);

    protected override void PreStart()
    {
        var self = Self;
        parts.Connections.Listener = news => self.Tell(news, ActorRefs.NoSender);
        parts.Questions.Listener = news => self.Tell(news, ActorRefs.NoSender);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SitePoolProtocol.IForPool forPool:
                Pass(forPool, Sender);
                break;
            case Empty when _sites.ContainsKey(Sender):
                _leaving.TryAdd(Sender, []);
                Sender.Tell(Leave.Instance);
                break;
            case Stays:
                PassAll(Sender);
                break;
            case Terminated terminated when _sites.Remove(terminated.ActorRef, out var site):
                _pools.Remove(site);
                PassAll(terminated.ActorRef);
                TellDrained();
                break;
            case SitePoolProtocol.Drain drain:
                _drainers.Add(Sender);
                foreach (var pool in _sites.Keys)
                {
                    pool.Tell(drain);
                }
                TellDrained();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Pass(SitePoolProtocol.IForPool message, IActorRef sender)
    {
        if (_pools.TryGetValue(message.Site, out var pool))
        {
            if (_leaving.TryGetValue(pool, out var waiting))
            {
                waiting.Add((message, sender));
            }
            else
            {
                pool.Tell(message, sender);
            }
        }
        else if (message is SitePoolProtocol.Waiting { Jobs: > 0 } or SitePoolProtocol.Ready)
        {
            pool = Context.ActorOf(ActorMaker<SitePoolActor>.Props(() => new SitePoolActor(message.Site, parts)), $"pool-{++_made}");
            Context.Watch(pool);
            _pools.Add(message.Site, pool);
            _sites.Add(pool, message.Site);
            pool.Tell(message, sender);
        }
    }

    private void TellDrained()
    {
        if (_pools.Count == 0)
        {
            _drainers.ForEach(drainer => drainer.Tell(new SitePoolProtocol.Drained()));
            _drainers.Clear();
        }
    }

    private void PassAll(IActorRef pool)
    {
        if (_leaving.Remove(pool, out var waiting))
        {
            foreach (var (message, sender) in waiting)
            {
                Pass(message, sender);
            }
        }
    }

    /// <summary>From a pool: there is nothing left for it.</summary>
    internal sealed class Empty : INoSerializationVerificationNeeded
    {
        public static readonly Empty Instance = new();
    }

    /// <summary>To a pool that has said so: go, if it is still true.</summary>
    internal sealed class Leave : INoSerializationVerificationNeeded
    {
        public static readonly Leave Instance = new();
    }

    /// <summary>From a pool: mail has come in between.</summary>
    internal sealed class Stays : INoSerializationVerificationNeeded
    {
        public static readonly Stays Instance = new();
    }
}
