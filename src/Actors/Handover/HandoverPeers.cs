using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Handover;

/// <summary>Finds the other members' internal listeners by asking their <see cref="HandoverActor"/>s.</summary>
/// <param name="system">The actor system.</param>
/// <param name="spool">The id of this node's spool.</param>
public sealed class HandoverPeers(ActorSystem system, ulong spool)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>Members that are up, not leaving, and have answered.</summary>
    public async Task<IReadOnlyList<HandoverPeer>> FindAsync(CancellationToken cancellation)
    {
        var cluster = Cluster.Get(system);
        var self = NodeId.Of(cluster.SelfUniqueAddress);
        var ask = new HandoverProtocol.Ask(self, spool);
        var members = cluster.State.Members.Where(member => member.Status is MemberStatus.Up && member.UniqueAddress != cluster.SelfUniqueAddress).ToArray();
        var found = await Task.WhenAll(members.Select(member => AskAsync(member, ask, cancellation))).ConfigureAwait(false);
        return [.. found.OfType<HandoverPeer>()];
    }

    private async Task<HandoverPeer?> AskAsync(Member member, HandoverProtocol.Ask ask, CancellationToken cancellation)
    {
        try
        {
            var answer = await system.ActorSelection(new RootActorPath(member.Address) / "user" / HandoverActor.Name)
                .Ask<HandoverProtocol.Answer>(ask, AnswerLimit, cancellation).ConfigureAwait(false);
            return new($"{member.Address.Host}:{member.Address.Port}", answer.Host, answer.Port, answer.Spool, answer.Ticket, answer.Takes);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
