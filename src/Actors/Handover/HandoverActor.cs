using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Handover;

/// <summary>Tells members where this node takes queued mail. One per node that has an internal listener, at <c>/user/handover</c>, from when its spool is open.</summary>
/// <param name="reception">What takes the mail.</param>
/// <param name="host">The host that peers reach.</param>
/// <param name="port">The port there.</param>
public sealed class HandoverActor(HandoverReception reception, string host, int port) : UntypedActor
{
    /// <summary>The name under which members find it.</summary>
    public const string Name = "handover";

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private ImmutableHashSet<NodeId> _members = [];

    /// <summary>Makes it.</summary>
    public static Props Props(HandoverReception reception, string host, int port) => Akka.Actor.Props.Create(() => new HandoverActor(reception, host, port));

    /// <inheritdoc/>
    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HandoverProtocol.Ask ask:
                if (_members.Contains(ask.Node))
                {
                    Sender.Tell(new HandoverProtocol.Answer(
                        NodeId.Of(_cluster.SelfUniqueAddress), host, port, reception.Spool.Id, reception.Tickets.Give(ask.Node, ask.Spool), reception.Refusal() is null));
                }
                break;
            case ClusterEvent.MemberRemoved removed:
                var gone = NodeId.Of(removed.Member.UniqueAddress);
                _members = _members.Remove(gone);
                reception.Tickets.Withdraw(gone);
                break;
            case ClusterEvent.IMemberEvent changed:
                _members = _members.Add(NodeId.Of(changed.Member.UniqueAddress));
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
