using MailCluster.Node.Kubernetes;

namespace MailCluster.Deployment.Tests.Kubernetes;

public class PodNameTests
{
    [Theory]
    [InlineData("mailcluster-0", "mailcluster", 0)]
    [InlineData("mail-cluster-eu-12", "mail-cluster-eu", 12)]
    [InlineData("mail-2-3", "mail-2", 3)]
    public void A_pod_of_a_StatefulSet_is_the_sets_name_and_an_ordinal(string name, string statefulSet, int ordinal)
    {
        Assert.True(PodName.TryParse(name, out var pod));
        Assert.Equal(new PodName(statefulSet, ordinal), pod);
        Assert.Equal(name, pod.ToString());
    }

    [Theory]
    [InlineData("mailcluster")]
    [InlineData("mailcluster-")]
    [InlineData("-1")]
    [InlineData("mailcluster-7d9f5")]
    [InlineData("mailcluster-01")]
    [InlineData("mailcluster-+1")]
    [InlineData("mailcluster-99999999999")]
    [InlineData("")]
    public void Other_names_are_none(string name) => Assert.False(PodName.TryParse(name, out _));
}
