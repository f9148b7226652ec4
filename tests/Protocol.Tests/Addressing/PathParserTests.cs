using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Protocol.Tests.Addressing;

public class PathParserTests
{
    private static readonly string Long64 = new('l', 64), Label63 = new('d', 63);

    public static TheoryData<string, string, string, string> ForwardPaths => new()
    {
        { "RFC 5321 4.1.2: a mailbox", "<a@example.org>", "a@example.org", "example.org" },
        { "RFC 5321 2.4: the local part keeps its case, the domain has none", "<Ann.Bee@EXAMPLE.org>", "Ann.Bee@EXAMPLE.org", "example.org" },
        { "RFC 5321 4.1.2: every atext", "<a!#$%&'*+-/=?^_`{|}~9@example.org>", "a!#$%&'*+-/=?^_`{|}~9@example.org", "example.org" },
        { "RFC 5321 4.1.2: a quoted string", "<\"a b\"@example.org>", "\"a b\"@example.org", "example.org" },
        { "RFC 5321 4.1.2: quoted brackets and at signs", "<\"a>b@c<\"@example.org>", "\"a>b@c<\"@example.org", "example.org" },
        { "RFC 5321 4.1.2: quoted pairs", "<\"a\\\"b\\\\\"@example.org>", "\"a\\\"b\\\\\"@example.org", "example.org" },
        { "RFC 5321 4.1.2: an empty quoted string", "<\"\"@example.org>", "\"\"@example.org", "example.org" },
        { "dots anywhere, as some providers have given out", "<.a..b.@example.org>", ".a..b.@example.org", "example.org" },
        { "RFC 5321 F.2: a source route is dropped", "<@a.example,@b.example:u@d.example>", "u@d.example", "d.example" },
        { "RFC 5321 F.2: with a literal in it", "<@[192.0.2.1],@[IPv6:2001:db8::1]:u@d.example>", "u@d.example", "d.example" },
        { "RFC 5321 4.5.1: postmaster", "<postmaster>", "postmaster", "" },
        { "RFC 5321 4.5.1: in any case", "<PostMaster>", "PostMaster", "" },
        { "RFC 5321 4.1.3: an IPv4 literal", "<a@[192.0.2.1]>", "a@[192.0.2.1]", "[192.0.2.1]" },
        { "RFC 5321 4.1.3: an IPv6 literal has one normal form", "<a@[IPV6:2001:DB8:0:0::1]>", "a@[IPV6:2001:DB8:0:0::1]", "[IPv6:2001:db8::1]" },
        { "RFC 5321 4.1.3: IPv4 in IPv6 is IPv4", "<a@[IPv6:::ffff:192.0.2.1]>", "a@[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]" },
        { "RFC 6531 3.3: a U-label", "<a@Bücher.example>", "a@Bücher.example", "xn--bcher-kva.example" },
        { "RFC 6531 3.3: in upper case", "<a@BÜCHER.example>", "a@BÜCHER.example", "xn--bcher-kva.example" },
        { "RFC 6531 3.3: a local part of UTF-8", "<jörg@example.org>", "jörg@example.org", "example.org" },
        { "RFC 6531 3.3: all of it", "<пример@пример.рф>", "пример@пример.рф", "xn--e1afmkfd.xn--p1ai" },
        { "RFC 5891: an A-label in upper case", "<a@XN--BCHER-KVA.example>", "a@XN--BCHER-KVA.example", "xn--bcher-kva.example" },
        { "a host with an underscore", "<a@my_host.example>", "a@my_host.example", "my_host.example" },
        { "one label", "<a@localhost>", "a@localhost", "localhost" },
        { "labels of digits", "<a@3.14.example>", "a@3.14.example", "3.14.example" },
        { "RFC 5321 4.5.3.1.1: 64 octets of local part", $"<{Long64}@example.org>", $"{Long64}@example.org", "example.org" },
        { "RFC 1035 2.3.4: 63 octets of label", $"<a@{Label63}.example>", $"a@{Label63}.example", $"{Label63}.example" },
    };

    [Theory, MemberData(nameof(ForwardPaths))]
    public void Reads_forward_paths(string rule, string text, string address, string domain)
    {
        var octets = Encoding.UTF8.GetBytes(text + " NOTIFY=NEVER");
        Assert.Equal((rule, PathFault.None), (rule, PathParser.ParseForwardPath(octets, out var path, out var length)));
        Assert.Equal((address, domain, octets.Length - 13), (path.Address, path.Domain.Value ?? "", length));
        Assert.Equal(!Ascii.IsValid(address), path.NeedsSmtpUtf8);
        if (domain.Length > 0)
        {
            Assert.Equal(PathFault.None, PathParser.ParseReversePath(octets, out var reverse, out _));
            Assert.Equal(address, reverse.Address);
        }
    }

    public static TheoryData<string, string, PathFault> Malformed => new()
    {
        { "no brackets", "a@example.org", PathFault.Brackets },
        { "no bracket at the end", "<a@example.org", PathFault.Brackets },
        { "nothing", "", PathFault.Brackets },
        { "a bracket only", "<", PathFault.LocalPart },
        { "a local part only", "<a", PathFault.Brackets },
        { "nothing in brackets", "<>", PathFault.Empty },
        { "no local part", "<@example.org>", PathFault.Route },
        { "no domain", "<a>", PathFault.NoDomain },
        { "an empty domain", "<a@>", PathFault.Domain },
        { "quoted postmaster is a mailbox without domain", "<\"postmaster\">", PathFault.NoDomain },
        { "a blank", "<a b@example.org>", PathFault.LocalPart },
        { "a blank first", "< a@example.org>", PathFault.LocalPart },
        { "two at signs", "<a@b@example.org>", PathFault.Domain },
        { "a colon", "<a:b@example.org>", PathFault.LocalPart },
        { "RFC 821's quoting outside quotes", "<a\\ b@example.org>", PathFault.LocalPart },
        { "a quote inside", "<a\"b\"@example.org>", PathFault.LocalPart },
        { "a quoted string not ended", "<\"a@example.org>", PathFault.LocalPart },
        { "something after the quotes", "<\"a\"b@example.org>", PathFault.LocalPart },
        { "a control character in quotes", "<\"a\tb\"@example.org>", PathFault.LocalPart },
        { "double brackets", "<<a@example.org>>", PathFault.LocalPart },
        { "RFC 5321 4.1.2: no final dot", "<a@example.org.>", PathFault.Domain },
        { "an empty label", "<a@example..org>", PathFault.Domain },
        { "a dot first", "<a@.example.org>", PathFault.Domain },
        { "a hyphen first", "<a@-example.org>", PathFault.Domain },
        { "a hyphen last in a label", "<a@example-.org>", PathFault.Domain },
        { "a hyphen last", "<a@example.org->", PathFault.Domain },
        { "a blank in the domain", "<a@exam ple.org>", PathFault.Domain },
        { "RFC 3696 2: an address without brackets", "<a@192.0.2.1>", PathFault.Domain },
        { "an IPv4 literal of three parts", "<a@[192.0.2]>", PathFault.Domain },
        { "of five", "<a@[192.0.2.1.1]>", PathFault.Domain },
        { "over 255", "<a@[192.0.2.256]>", PathFault.Domain },
        { "octal", "<a@[192.0.02.1]>", PathFault.Domain },
        { "hexadecimal", "<a@[0x7f.0.0.1]>", PathFault.Domain },
        { "a literal not closed", "<a@[192.0.2.1>", PathFault.Domain },
        { "IPv6 without its tag", "<a@[2001:db8::1]>", PathFault.Domain },
        { "IPv6 with a scope", "<a@[IPv6:fe80::1%eth0]>", PathFault.Domain },
        { "IPv4 behind the tag", "<a@[IPv6:192.0.2.1]>", PathFault.Domain },
        { "an unknown tag", "<a@[x400:c=us]>", PathFault.Domain },
        { "an empty literal", "<a@[]>", PathFault.Domain },
        { "a route without a mailbox", "<@a.example:>", PathFault.Empty },
        { "a route without a colon", "<@a.example,u@d.example>", PathFault.Route },
        { "a route with a bad domain", "<@-a:u@d.example>", PathFault.Route },
        { "an ideographic full stop, which would cut the label", "<a@b。example>", PathFault.Domain },
        { "a no-break space", "<a@b\u00a0c.example>", PathFault.Domain },
        { "a soft hyphen", "<a@b\u00adc.example>", PathFault.Domain },
        { "a right-to-left override", "<a@b\u202ec.example>", PathFault.Domain },
        { "RFC 5321 4.5.3.1.1: 65 octets of local part", $"<{Long64}l@example.org>", PathFault.LocalPartTooLong },
        { "octets, not characters", $"<{new string('ü', 33)}@example.org>", PathFault.LocalPartTooLong },
        { "RFC 5321 4.5.3.1.2: 256 octets of domain", $"<a@{string.Join('.', Label63, Label63, Label63, Label63)}.>", PathFault.DomainTooLong },
        { "RFC 1035 3.1: what no DNS query can hold", $"<a@{string.Join('.', Label63, Label63, Label63)}.{new string('d', 62)}>", PathFault.DomainTooLong },
        { "RFC 1035 2.3.4: 64 octets of label", $"<a@{Label63}d.example>", PathFault.DomainTooLong },
        { "RFC 5321 4.5.3.1.3: 257 octets of path", $"<{new string('l', 63)}@{string.Join('.', Label63, Label63, Label63)}>", PathFault.PathTooLong },
    };

    [Theory, MemberData(nameof(Malformed))]
    public void Says_why_octets_are_no_forward_path(string rule, string text, PathFault fault)
    {
        Assert.Equal((rule, fault), (rule, PathParser.ParseForwardPath(Encoding.UTF8.GetBytes(text), out var path, out var length)));
        Assert.Equal((default, 0), (path, length));
    }

    [Fact]
    public void Takes_a_path_of_just_256_octets() =>
        Assert.Equal(PathFault.None, PathParser.ParseForwardPath(Encoding.ASCII.GetBytes($"<{new string('l', 62)}@{string.Join('.', Label63, Label63, Label63)}>"), out _, out _));

    [Fact]
    public void Refuses_octets_that_are_no_UTF8()
    {
        Assert.Equal(PathFault.LocalPart, PathParser.ParseForwardPath([(byte)'<', 0xc3, (byte)'@', (byte)'a', (byte)'>'], out _, out _));
        Assert.Equal(PathFault.Domain, PathParser.ParseForwardPath([(byte)'<', (byte)'a', (byte)'@', 0xc3, (byte)'>'], out _, out _));
    }

    [Fact]
    public void Knows_the_null_reverse_path_and_no_postmaster_among_reverse_paths()
    {
        Assert.Equal(PathFault.None, PathParser.ParseReversePath("<> SIZE=1"u8, out var path, out var length));
        Assert.Equal((true, 2), (path.IsNull, length));
        Assert.Equal(PathFault.NoDomain, PathParser.ParseReversePath("<postmaster>"u8, out _, out _));
    }

    [Fact]
    public void Gives_the_same_string_for_a_domain_seen_again()
    {
        PathParser.ParseForwardPath("<a@same.example>"u8, out var first, out _);
        PathParser.ParseForwardPath("<b@SAME.example>"u8, out var second, out _);
        Assert.Same(first.Domain.Value, second.Domain.Value);
    }

    [Property(MaxTest = 5000)]
    public void Reads_what_it_wrote(byte[] choices)
    {
        var text = Encoding.UTF8.GetBytes(Mix(choices));
        if (PathParser.ParseForwardPath(text, out var path, out var length) == PathFault.None)
        {
            var written = Encoding.UTF8.GetBytes(path.ToString());
            Assert.Equal(PathFault.None, PathParser.ParseForwardPath(written, out var again, out var all));
            Assert.Equal((path, written.Length), (again, all));
            Assert.InRange(length, 1, text.Length);
            Assert.True(path.Domain.Value is null || (DomainName.TryParse(path.Domain.Value, out var domain) && domain == path.Domain));
        }

        if (PathParser.ParseReversePath(text, out var reverse, out _) == PathFault.None)
        {
            Assert.Equal(PathFault.None, PathParser.ParseReversePath(Encoding.UTF8.GetBytes(reverse.ToString()), out var again, out _));
            Assert.Equal(reverse, again);
        }
    }

    [Property(MaxTest = 5000)]
    public void Never_throws(byte[] octets)
    {
        PathParser.ParseForwardPath(octets, out _, out _);
        PathParser.ParseReversePath([(byte)'<', .. octets], out _, out _);
        PathParser.ParseForwardPath([(byte)'<', (byte)'a', (byte)'@', .. octets, (byte)'>'], out _, out _);
        PathParser.ParseForwardPath([.. "<a@"u8, .. Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(octets)), (byte)'>'], out _, out _);
    }

    /// <summary>Mostly a path: pieces in order, some of them left out or doubled.</summary>
    private static string Mix(byte[] choices)
    {
        string[] before = ["<", "<", "<", "<@r.example:", "<@[192.0.2.1],@b:"], locals = ["a", "A.b", "\"a b\"", "\"\\\"@>\"", "ü", "postmaster", "", "a b"];
        string[] middles = ["@", "@", "@", "", "@@"], domains = ["example.org", "EXAMPLE.org", "[192.0.2.1]", "[IPv6:2001:db8::1]", "bücher.example", "x", "a..b", "", "x_y.z"], ends = [">", ">", ">", "> x", ""];
        string[][] pieces = [before, locals, middles, domains, ends];
        var random = new Random(choices.Aggregate(17, (hash, choice) => (hash * 31) + choice));
        return string.Concat(pieces.Select(words => words[random.Next(words.Length)]));
    }
}
