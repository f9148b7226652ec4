using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Facts;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>Tells new incarnations of site actors, on whatever node, what this node's pools hold. One per node, at <c>/user/holdings</c>.</summary>
public sealed class HoldingsActor(LeaseHoldings holdings, Membership membership, FactStore facts) : UntypedActor
{
    /// <summary>The name under which site actors find it.</summary>
    public const string Name = "holdings";

    private readonly NodeId _self = NodeId.Of(Cluster.Get(Context.System).SelfUniqueAddress);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is not SiteProtocol.WhatIsHeld asked)
        {
            Unhandled(message);
            return;
        }

        var now = Moment.Of(Context.System.Scheduler);
        var newest = holdings.Tell(asked.Site, asked.Epoch, now, out var lease);
        Sender.Tell(new SiteProtocol.Holding(asked.Site, _self, newest, lease, membership.Now.GoneSince(now),
            facts.Find(SiteActor.FactOf(asked.Site), now.Wall)));
    }
}
