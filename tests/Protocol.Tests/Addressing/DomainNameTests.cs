using System.Net;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Protocol.Tests.Addressing;

public class DomainNameTests
{
    [Theory]
    [InlineData("Example.ORG", "example.org")]
    [InlineData("example.org.", "example.org")]
    [InlineData(" example.org ", "example.org")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("STRASSE.example", "strasse.example")]
    [InlineData("straße.example", "xn--strae-oqa.example")]
    [InlineData("[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("[ipv6:2001:DB8::0:1]", "[IPv6:2001:db8::1]")]
    public void Text_of_a_configuration_or_of_the_DNS_has_one_normal_form(string text, string domain)
    {
        Assert.True(DomainName.TryParse(text, out var name));
        Assert.Equal(domain, name.Value);
        Assert.True(DomainName.TryParse(name.Value, out var again));
        Assert.Equal(name, again);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("example.org..")]
    [InlineData("*.example.org")]
    [InlineData("a@example.org")]
    [InlineData("exa mple.org")]
    [InlineData("192.0.2.1")]
    [InlineData("[192.0.2.1")]
    [InlineData("\ud800.example")]
    public void What_is_no_domain_is_refused(string? text) => Assert.False(DomainName.TryParse(text, out _));

    [Fact]
    public void A_literal_has_an_address_and_a_name_has_none()
    {
        Assert.True(DomainName.TryParse("[IPv6:2001:db8::1]", out var literal));
        Assert.True(literal.TryGetAddress(out var address));
        Assert.Equal((IPAddress.Parse("2001:db8::1"), true), (address, literal.IsAddressLiteral));
        Assert.False(new DomainName("example.org").TryGetAddress(out _));
        Assert.False(default(DomainName).TryGetAddress(out _));
    }

    [Fact]
    public void A_name_that_is_too_long_as_A_labels_is_refused_though_it_was_shorter_before() =>
        Assert.False(DomainName.TryParse(string.Join('.', Enumerable.Repeat("ü", 60)), out _));

    [Fact]
    public void Domains_are_ordered_octet_by_octet() => Assert.True(new DomainName("a.test") < new DomainName("b.test"));

    [Fact]
    public void Many_domains_are_never_taken_for_one_another() => Assert.All(
        Enumerable.Range(0, 20_000).Select(number => $"d{number}.example"),
        name => Assert.True(DomainName.TryParse(name, out var domain) && domain.Value == name));
}
