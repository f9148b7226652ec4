using Akka.Cluster;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

public sealed class MembershipTests
{
    private static readonly NodeId Stays = new("node0:1", 0);
    private static readonly NodeId Goes = new("node1:1", 1);
    private static readonly Moment Now = new(TimeSpan.FromHours(1), DateTimeOffset.UnixEpoch);

    [Theory]
    [InlineData(MemberStatus.Exiting, false)]
    [InlineData(MemberStatus.Down, true)]
    public void Waits_for_a_node_that_went_unless_it_left_in_order(MemberStatus last, bool waits)
    {
        var view = new Membership.View([Stays, Goes], [], [], Moment.Never).Without(Goes, last, Now);

        Assert.Equal([Stays], view.Members);
        Assert.Equal(waits, view.Gone.ContainsKey(Goes));
        Assert.Equal(waits, !view.GoneSince(Now).IsEmpty);
    }
}
