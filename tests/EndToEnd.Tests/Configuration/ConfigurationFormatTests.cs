using MailCluster.Node.Configuration;

namespace MailCluster.EndToEnd.Tests.Configuration;

/// <summary>How values are written.</summary>
public class ConfigurationFormatTests
{
    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("30 seconds", 30)]
    [InlineData("1.5h", 5400)]
    [InlineData("5d", 432000)]
    [InlineData("0", 0)]
    public void Durations_are_read(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Formats.Duration.Parse(text).Value);

    [Theory]
    [InlineData("1 B", 1)]
    [InlineData("10kB", 10_000)]
    [InlineData("10 KiB", 10_240)]
    [InlineData("50MB", 50_000_000)]
    [InlineData("50 MiB", 52_428_800)]
    [InlineData("1.5 GiB", 1_610_612_736)]
    public void Sizes_are_read(string text, long octets) => Assert.Equal(octets, Formats.Size.Parse(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("1 2 MiB")]
    [InlineData("1..5 MiB")]
    [InlineData("999999999999999999999999 TiB")]
    [InlineData("20000000 TiB")]
    [InlineData("-1 MiB")]
    [InlineData("5 mib")]
    public void Sizes_that_are_none_are_refused(string text) => Assert.False(Formats.Size.Parse(text).Success);

    [Theory]
    [InlineData(1)]
    [InlineData(1500)]
    [InlineData(90_000)]
    [InlineData(86_400_000)]
    [InlineData(0)]
    public void Durations_are_printed_as_they_are_read(long milliseconds)
        => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Formats.Duration.Parse(Formats.Duration.Print(TimeSpan.FromMilliseconds(milliseconds))).Value);

    [Theory]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(50_000_000)]
    [InlineData(52_428_800)]
    [InlineData(0)]
    public void Sizes_are_printed_as_they_are_read(long octets) => Assert.Equal(octets, Formats.Size.Parse(Formats.Size.Print(octets)).Value);

    [Theory]
    [InlineData("mail.example.org:25")]
    [InlineData("127.0.0.1:2526")]
    [InlineData("[::1]:2526")]
    public void Hosts_and_ports_are_printed_as_they_are_read(string text) => Assert.Equal(text, Names.HostAndPort.Print(Names.HostAndPort.Parse(text).Value!));

    [Theory]
    [InlineData("::1:25")]
    [InlineData("mail.example.org:0")]
    [InlineData("mail.example.org:70000")]
    [InlineData("10.1:25")]
    [InlineData("300.1.1.1:25")]
    [InlineData("-a.example:25")]
    [InlineData(":25")]
    [InlineData("a b:25")]
    public void Hosts_and_ports_that_are_none_are_refused(string text) => Assert.False(Names.HostAndPort.Parse(text).Success);

    [Theory]
    [InlineData("[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]")]
    [InlineData("EXAMPLE.org", "example.org")]
    [InlineData("a.example.", "a.example")]
    [InlineData("a_b.example", "a_b.example")]
    public void Domains_are_read_into_their_normal_form(string text, string normal) => Assert.Equal(normal, Names.Domain.Parse(text).Value.Value);

    [Theory]
    [InlineData("[2001:db8::1]")]
    [InlineData("a..b")]
    [InlineData("192.0.2.1")]
    [InlineData("")]
    public void Domains_that_are_none_are_refused(string text) => Assert.False(Names.Domain.Parse(text).Success);
}
