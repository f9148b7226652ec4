using Akka.TestKit;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests;

/// <summary>A sharded actor below a probe in the shard's place, in a cluster of one, with moved time.</summary>
public abstract class ShardedActorSpec : Akka.TestKit.Xunit.TestKit
{
    protected ShardedActorSpec() : base($$"""
        akka.loglevel = WARNING
        akka.test.single-expect-default = 20s
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        {{VirtualScheduler.Settings}}
        """) => Self = NodeId.Of(Akka.Cluster.Cluster.Get(Sys).SelfUniqueAddress);

    protected NodeId Self { get; }

    protected TestScheduler Time => (TestScheduler)Sys.Scheduler;

    /// <summary>Remoting waits on the clock before it ends.</summary>
    protected override void AfterAll()
    {
        var ended = Sys.Terminate();
        while (!ended.Wait(TimeSpan.FromMilliseconds(20)))
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        base.AfterAll();
    }
}
