namespace MailCluster.Protocol.Tests;

public class DomainNameTests
{
    [Fact]
    public void Domains_are_ordered_octet_by_octet() => Assert.True(new Addressing.DomainName("a.test") < new Addressing.DomainName("b.test"));
}
