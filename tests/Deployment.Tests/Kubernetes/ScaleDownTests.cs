using MailCluster.Actors.Handover;
using MailCluster.Node.Kubernetes;

namespace MailCluster.Deployment.Tests.Kubernetes;

public class ScaleDownTests
{
    public static TheoryData<string, int, int, int> StaysAtHome => new()
    {
        { "a rollout", 2, 0, 3 },
        { "the lowest", 0, 0, 1 },
        { "counted from 5, the first", 5, 5, 3 },
        { "counted from 5, the last", 7, 5, 3 },
        { "as many as there can be", 7, 5, int.MaxValue },
        { "none wanted, so nobody receives", 0, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(StaysAtHome))]
    public void Mail_stays_with_a_pod_that_comes_back_or_has_no_peers(string because, int ordinal, int first, int replicas)
    {
        var wish = ScaleDown.Decide(new("mailcluster", ordinal), new StatefulSetAnswer.Stays(first, replicas));
        Assert.True(wish is HandoverWish.No, because);
    }

    [Theory]
    [InlineData(3, 0, 3)]
    [InlineData(11, 0, 3)]
    [InlineData(8, 5, 3)]
    [InlineData(4, 5, 3)]
    public void A_pod_that_is_not_wanted_any_more_hands_over(int ordinal, int first, int replicas)
    {
        var wish = Assert.IsType<HandoverWish.Yes>(ScaleDown.Decide(new("mailcluster", ordinal), new StatefulSetAnswer.Stays(first, replicas)));
        Assert.Contains($"wants {replicas} replicas", wish.Reason, StringComparison.Ordinal);
        Assert.Contains($"ordinal {ordinal}", wish.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_pods_that_stay_receive()
    {
        var wish = Assert.IsType<HandoverWish.Yes>(ScaleDown.Decide(new("mailcluster", 9), new StatefulSetAnswer.Stays(1, 3)));
        string[] hosts = ["mailcluster-0.mailcluster-nodes", "mailcluster-1.mailcluster-nodes", "mailcluster-3.mailcluster-nodes.mail.svc.cluster.local", "mailcluster-4.mailcluster-nodes", "other-1.mailcluster-nodes", "10.0.0.1"];
        Assert.Equal([hosts[1], hosts[2]], hosts.Where(wish.Receivers.Admit));
    }

    [Fact]
    public void A_deleted_set_leaves_nobody_to_give_to()
    {
        var wish = Assert.IsType<HandoverWish.No>(ScaleDown.Decide(new("mailcluster", 9), new StatefulSetAnswer.Deleted("is being deleted")));
        Assert.Contains("mailcluster is being deleted", wish.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nobody_can_say_the_mail_stays_and_the_reason_is_told()
    {
        var wish = Assert.IsType<HandoverWish.No>(ScaleDown.Decide(new("mailcluster", 9), new StatefulSetAnswer.Unknown("the server is on fire")));
        Assert.Contains("the server is on fire", wish.Reason, StringComparison.Ordinal);
    }
}
