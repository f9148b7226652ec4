using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>Pings the other members every second and publishes what this node knows of the cluster. One per node, at <c>/user/fence</c>.</summary>
public sealed class FenceActor : UntypedActor, IWithTimers
{
    /// <summary>The name under which members find each other's.</summary>
    public const string Name = "fence";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Membership _membership;
    private readonly NodeId _self;
    private readonly Fence _fence;
    private readonly Dictionary<NodeId, ActorSelection> _peers = [];

    /// <summary>Publishes to <paramref name="membership"/>.</summary>
    public FenceActor(Membership membership)
    {
        _membership = membership;
        _self = NodeId.Of(_cluster.SelfUniqueAddress);
        _fence = new Fence(_self);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Interval, Tick.Instance, Interval);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _membership.Now = _membership.Now with { Members = [], Joining = [], Gone = [], CurrentUntil = Moment.Never };
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        var now = Moment.Of(Context.System.Scheduler);
        switch (message)
        {
            case FenceProtocol.Ping ping:
                _membership.Heard(ping.Node, now);
                if (_membership.Now.Members.Contains(ping.Node))
                {
                    Sender.Tell(new FenceProtocol.Pong(_self, ping.Number));
                    // It has just come up, and may be the one that this node waits for.
                    if (_fence.Misses(ping.Node)) Sender.Tell(new FenceProtocol.Ping(_self, _fence.Sent(now)));
                }

                break;
            case FenceProtocol.Pong pong:
                _fence.Answered(pong.Node, pong.Number);
                Publish(_membership.Now);
                break;
            case Tick:
                ForgetGone(now);
                PingOthers(now);
                break;
            case ClusterEvent.MemberRemoved removed:
                Remove(removed.Member.UniqueAddress, removed.PreviousStatus, now);
                break;
            case ClusterEvent.IMemberEvent changed:
                Add(changed.Member, now);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Add(Member member, Moment now)
    {
        var node = NodeId.Of(member.UniqueAddress);
        var view = _membership.Now;
        var joining = member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp ? view.Joining.Add(node) : view.Joining.Remove(node);
        if (view.Members.Contains(node))
        {
            Publish(view with { Joining = joining });
            return;
        }

        Publish(view with { Members = view.Members.Add(node), Joining = joining });
        if (node == _self)
        {
            return;
        }

        var peer = Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name);
        _peers[node] = peer;
        peer.Tell(new FenceProtocol.Ping(_self, _fence.Sent(now)), Self);
    }

    private void Remove(UniqueAddress member, MemberStatus last, Moment now)
    {
        var node = NodeId.Of(member);
        _peers.Remove(node);
        if (_membership.Now.Members.Contains(node))
        {
            Publish(_membership.Now.Without(node, last, now));
            if (!_membership.Now.Gone.ContainsKey(node))
            {
                _membership.Forget(node);
            }
        }
    }

    private void ForgetGone(Moment now)
    {
        var gone = _membership.Now.Gone;
        var still = gone.Where(entry => !entry.Value.Plus(LeaseTiming.Grace).HasSurelyCome(now)).ToImmutableDictionary();
        if (still.Count != gone.Count)
        {
            foreach (var node in gone.Keys.Where(node => !still.ContainsKey(node)))
            {
                _membership.Forget(node);
            }

            Publish(_membership.Now with { Gone = still });
        }
    }

    private void PingOthers(Moment now)
    {
        if (_peers.Count == 0)
        {
            return;
        }

        var ping = new FenceProtocol.Ping(_self, _fence.Sent(now));
        foreach (var peer in _peers.Values)
        {
            peer.Tell(ping, Self);
        }
    }

    private void Publish(Membership.View view)
    {
        _fence.Know(view.Members);
        // Before this node is a member itself it is current in nobody's eyes.
        _membership.Now = view with { CurrentUntil = view.Members.Contains(_self) ? _fence.CurrentUntil : Moment.Never };
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
