using System.Net;
using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Proxy;

namespace MailCluster.Protocol.Tests.Proxy;

public class ProxyHeaderParserTests
{
    private static readonly string s_long = "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";

    public static TheoryData<string, string, string> Lines => new()
    {
        { "2.1: TCP over IPv4", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n", "192.0.2.7:56324 198.51.100.1:25" },
        { "2.1: the longest line over IPv4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535 255.255.255.255:65535" },
        { "2.1: ports from 0", "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0 0.0.0.0:0" },
        { "2.1: TCP over IPv6", "PROXY TCP6 2001:db8::7 2001:DB8:0:0:0:0:0:1 56324 25\r\n", "[2001:db8::7]:56324 [2001:db8::1]:25" },
        { "2.1: the longest line over IPv6", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { "RFC 4291 2.2: IPv4 in IPv6 clothes, as inet_ntop writes it", "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "[::ffff:192.0.2.7]:1 [::1]:2" },
        { "2.1: UNKNOWN, short", "PROXY UNKNOWN\r\n", "unknown" },
        { "2.1: what follows UNKNOWN is ignored", "PROXY UNKNOWN whatever it is\r\n", "unknown" },
        { "2.1: the worst case", s_long, "unknown" },
        { "another protocol", "EHLO client.example\r\n", "NoSignature" },
        { "HTTP, which begins alike", "POST / HTTP/1.1\r\n", "NoSignature" },
        { "small letters", "proxy TCP4 192.0.2.7 198.51.100.1 56324 25\r\n", "NoSignature" },
        { "PROXY and no space", "PROXYTCP4 192.0.2.7 198.51.100.1 56324 25\r\n", "NoSignature" },
        { "two spaces", "PROXY  TCP4 192.0.2.7 198.51.100.1 56324 25\r\n", "BadLine" },
        { "two spaces further on", "PROXY TCP4 192.0.2.7  198.51.100.1 56324 25\r\n", "BadLine" },
        { "a space at the end", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25 \r\n", "BadLine" },
        { "another family", "PROXY UDP4 192.0.2.7 198.51.100.1 56324 25\r\n", "BadLine" },
        { "a longer word than UNKNOWN", "PROXY UNKNOWNS\r\n", "BadLine" },
        { "no family", "PROXY \r\n", "BadLine" },
        { "2.1: the family dictates the format", "PROXY TCP4 2001:db8::7 2001:db8::1 56324 25\r\n", "BadLine" },
        { "the other way round", "PROXY TCP6 192.0.2.7 198.51.100.1 56324 25\r\n", "BadLine" },
        { "two families", "PROXY TCP6 2001:db8::7 198.51.100.1 56324 25\r\n", "BadLine" },
        { "2.1: no leading zeroes in an address", "PROXY TCP4 192.0.02.7 198.51.100.1 56324 25\r\n", "BadLine" },
        { "over 255", "PROXY TCP4 192.0.2.256 198.51.100.1 56324 25\r\n", "BadLine" },
        { "three parts", "PROXY TCP4 192.0.2 198.51.100.1 56324 25\r\n", "BadLine" },
        { "five parts", "PROXY TCP4 192.0.2.7.1 198.51.100.1 56324 25\r\n", "BadLine" },
        { "a sign", "PROXY TCP4 192.0.2.7 198.51.100.1 +56324 25\r\n", "BadLine" },
        { "2.1: no leading zeroes in a port", "PROXY TCP4 192.0.2.7 198.51.100.1 056324 25\r\n", "BadLine" },
        { "2.1: nor in zero", "PROXY TCP4 192.0.2.7 198.51.100.1 00 25\r\n", "BadLine" },
        { "a port over 65535", "PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n", "BadLine" },
        { "no port", "PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n", "BadLine" },
        { "a port too many", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25 25\r\n", "BadLine" },
        { "two double colons", "PROXY TCP6 2001::db8::7 2001:db8::1 56324 25\r\n", "BadLine" },
        { "nine groups", "PROXY TCP6 1:2:3:4:5:6:7:8:9 2001:db8::1 56324 25\r\n", "BadLine" },
        { "five digits", "PROXY TCP6 12001:db8::7 2001:db8::1 56324 25\r\n", "BadLine" },
        { "a zone", "PROXY TCP6 fe80::1%eth0 2001:db8::1 56324 25\r\n", "BadLine" },
        { "brackets", "PROXY TCP6 [2001:db8::7] 2001:db8::1 56324 25\r\n", "BadLine" },
        { "2.1: LF alone does not end it", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\n", "BadLine" },
        { "2.1: CR alone does not end it", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\rX", "BadLine" },
        { "2.1: nor after UNKNOWN", "PROXY UNKNOWN\nEHLO client.example\r\n", "BadLine" },
        { "2.1: CRLF within 107 octets", s_long.Replace("\r\n", "0\r\n", StringComparison.Ordinal), "TooLong" },
        { "2.1: CRLF within 107 octets, CR being the last of them", string.Concat("PROXY UNKNOWN ", new string('x', 92), "\r\n"), "TooLong" },
        { "2.1: no CRLF at all", "PROXY UNKNOWN " + new string('x', 1000), "TooLong" },
        { "half a signature", "PRO", "more" },
        { "a signature", "PROXY ", "more" },
        { "2.1: a receiver waits for the CRLF", "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r", "more" },
        { "nothing", "", "more" },
    };

    [Theory, MemberData(nameof(Lines))]
    public void Reads_version_1_however_it_arrives(string rule, string line, string expected)
    {
        var octets = Encoding.ASCII.GetBytes(line);
        foreach (var cuts in Cuts(octets.Length))
        {
            var header = Header.Of(octets, cuts);
            Assert.Equal((rule, expected), (rule, InWords(header)));
            Assert.Equal(header.Status == ProxyHeaderStatus.Complete ? octets.Length : 0, header.Consumed);
        }
    }

    public static TheoryData<string, byte[], string> Binaries => new()
    {
        { "2.2: TCP over IPv4", Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 56324, "198.51.100.1", 25)), "192.0.2.7:56324 198.51.100.1:25" },
        { "2.2: TCP over IPv6", Header.Binary(0x21, 0x21, Header.Block("2001:db8::7", 56324, "2001:db8::1", 25)), "[2001:db8::7]:56324 [2001:db8::1]:25" },
        { "2.2: vectors are passed over", Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(0x01, 1, 2), Header.Vector(0x04), Header.Vector(0xEA, new byte[300]))), "192.0.2.7:1 198.51.100.1:25" },
        { "2.2: over IPv6 too", Header.Binary(0x21, 0x21, Header.Block("::1", 1, "::2", 25, Header.Vector(0x20, new byte[40]))), "[::1]:1 [::2]:25" },
        { "2.2: LOCAL", Header.Binary(0x20, 0x00, []), "local" },
        { "2.2: LOCAL with a family, which is ignored", Header.Binary(0x20, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25)), "local" },
        { "2.2: and with one that does not exist", Header.Binary(0x20, 0xFF, [1, 2, 3]), "local" },
        { "2.2: must not assume zero length for LOCAL", Header.Binary(0x20, 0x00, new byte[100]), "local" },
        { "2.2: unspecified family", Header.Binary(0x21, 0x00, []), "unknown" },
        { "2.2: with octets that mean nothing", Header.Binary(0x21, 0x00, [3, 0, 200]), "unknown" },
        { "2.2: unspecified transport", Header.Binary(0x21, 0x10, []), "unknown" },
        { "2.2: UDP falls back to unspecified", Header.Binary(0x21, 0x12, Header.Block("192.0.2.7", 1, "198.51.100.1", 25)), "unknown" },
        { "2.2: so does UNIX", Header.Binary(0x21, 0x31, new byte[216]), "unknown" },
        { "2.2: and UNIX datagram with vectors", Header.Binary(0x21, 0x32, [.. new byte[216], .. Header.Vector(4, 1)]), "unknown" },
        { "2.2: only version 2", Header.Binary(0x11, 0x11, new byte[12]), "BadCommand" },
        { "2.2: a command that is not assigned", Header.Binary(0x22, 0x11, new byte[12]), "BadCommand" },
        { "2.2: a family that is not assigned", Header.Binary(0x21, 0x41, new byte[12]), "BadFamily" },
        { "2.2: a transport that is not assigned", Header.Binary(0x21, 0x13, new byte[12]), "BadFamily" },
        { "fewer octets than addresses", Header.Binary(0x21, 0x11, new byte[11]), "TooShort" },
        { "IPv6 with the addresses of IPv4", Header.Binary(0x21, 0x21, new byte[12]), "TooShort" },
        { "UNIX without its paths", Header.Binary(0x21, 0x31, new byte[12]), "TooShort" },
        { "a vector past the end", Header.Binary(0x21, 0x11, [.. new byte[12], 4, 0, 2, 0]), "BadVector" },
        { "half a vector", Header.Binary(0x21, 0x11, [.. new byte[12], 4, 0]), "BadVector" },
        { "one octet too many", Header.Binary(0x21, 0x11, new byte[13]), "BadVector" },
        { "2.2.3: the checksum", Header.Sealed(Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(5, 9), Header.Vector(3, 0, 0, 0, 0)))), "192.0.2.7:1 198.51.100.1:25" },
        { "2.2.3: the checksum is of all that stands before", Flip(Header.Sealed(Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(3, 0, 0, 0, 0)))), 16), "BadChecksum" },
        { "2.2.3: and of vectors", Flip(Header.Sealed(Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(5, 9), Header.Vector(3, 0, 0, 0, 0)))), 31), "BadChecksum" },
        { "2.2.3: a checksum of another size", Header.Binary(0x21, 0x11, [.. new byte[12], .. Header.Vector(3, 1, 2, 3)]), "BadVector" },
        { "2.2.3: two checksums", Header.Sealed(Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(3, 0, 0, 0, 0), Header.Vector(3, 0, 0, 0, 0))), fromEnd: 11), "BadVector" },
        { "the longest", Header.Binary(0x20, 0, new byte[ProxyHeaderParser.MaxLength - 16]), "local" },
        { "one over the longest, at its length", Header.Binary(0x21, 0x11, [], length: ProxyHeaderParser.MaxLength - 15), "TooLong" },
        { "65535", Header.Binary(0x20, 0, [], length: 65535), "TooLong" },
        { "almost the signature", [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0D], "NoSignature" },
        { "empty lines", "\r\n\r\nEHLO"u8.ToArray(), "NoSignature" },
        { "the signature", Header.Binary(0x21, 0x11, [])[..12], "more" },
        { "no length", Header.Binary(0x21, 0x11, [])[..15], "more" },
        { "an octet of the addresses is missing", Header.Binary(0x21, 0x11, new byte[11], length: 12), "more" },
    };

    [Theory, MemberData(nameof(Binaries))]
    public void Reads_version_2_however_it_arrives(string rule, byte[] octets, string expected)
    {
        IEnumerable<int[]> cuts = octets.Length > 1000 ? [[1], [16], [17, 1, 4000], [octets.Length - 1]] : Cuts(octets.Length);
        foreach (var pieces in cuts)
        {
            var header = Header.Of(octets, pieces);
            Assert.Equal((rule, expected), (rule, InWords(header)));
            Assert.Equal(header.Status == ProxyHeaderStatus.Complete ? octets.Length : 0, header.Consumed);
        }
    }

    [Property(MaxTest = 500)]
    public void Leaves_to_the_client_what_is_behind_the_header(byte[] rest, byte[] cuts)
    {
        foreach (var whole in Whole())
        {
            var header = Header.Of([.. whole, .. rest], cuts.Select(cut => (int)cut));
            Assert.Equal((ProxyHeaderStatus.Complete, (long)whole.Length), (header.Status, header.Consumed));
        }
    }

    [Property(MaxTest = 2000)]
    public void Random_octets_are_read_without_a_throw_and_alike_however_they_are_cut(byte begin, byte[] noise, byte[] cuts)
    {
        var wholes = Whole().ToArray();
        var whole = wholes[begin % wholes.Length];
        byte[] octets = [.. whole[..(noise.Length > 0 ? noise[0] % (whole.Length + 1) : 0)], .. noise];
        Assert.Equal(Header.Of(octets), Header.Of(octets, cuts.Select(cut => cut % 9)));
    }

    [Property(MaxTest = 2000)]
    public void One_octet_changed_is_read_without_a_throw_and_alike_however_it_is_cut(byte begin, byte at, byte value, byte[] cuts)
    {
        var wholes = Whole().ToArray();
        var octets = wholes[begin % wholes.Length].ToArray();
        octets[at % octets.Length] = value;
        Assert.Equal(Header.Of(octets), Header.Of(octets, cuts.Select(cut => (int)cut)));
    }

    [Property(MaxTest = 500)]
    public void Any_address_comes_through_both_versions(byte[] source, byte[] destination, ushort sourcePort, ushort destinationPort, bool six)
    {
        IPAddress from = Address(source), to = Address(destination);
        var text = $"PROXY TCP{(six ? 6 : 4)} {from} {to} {sourcePort} {destinationPort}\r\n";
        var expected = new ProxyHeader.Client(new(from, sourcePort), new(to, destinationPort)).ToString();
        Assert.Equal(expected, Header.Of(Encoding.ASCII.GetBytes(text)).Text);
        Assert.Equal(expected, Header.Of(Header.Binary(0x21, (byte)(six ? 0x21 : 0x11), Header.Block(from.ToString(), sourcePort, to.ToString(), destinationPort))).Text);

        IPAddress Address(byte[] octets) => new([.. octets.Concat(new byte[16]).Take(six ? 16 : 4)]);
    }

    private static IEnumerable<byte[]> Whole() =>
    [
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n"u8.ToArray(),
        "PROXY TCP6 2001:db8::7 2001:db8::1 56324 25\r\n"u8.ToArray(),
        "PROXY UNKNOWN\r\n"u8.ToArray(),
        Header.Binary(0x20, 0, [1, 2, 3]),
        Header.Sealed(Header.Binary(0x21, 0x11, Header.Block("192.0.2.7", 1, "198.51.100.1", 25, Header.Vector(3, 0, 0, 0, 0)))),
        Header.Binary(0x21, 0x21, Header.Block("2001:db8::7", 1, "2001:db8::1", 25, Header.Vector(5, 1, 2, 3, 4))),
        Header.Binary(0x21, 0x31, new byte[216]),
    ];

    /// <summary>Every cut in two, single octets, and empty segments.</summary>
    private static IEnumerable<int[]> Cuts(int length) => [.. Enumerable.Range(0, length + 1).Select(cut => new[] { cut }), [.. Enumerable.Repeat(1, length)], [0, 0, 3, 0]];

    private static string InWords(Header header) => header switch
    {
        { Status: ProxyHeaderStatus.Incomplete } => "more",
        { Status: ProxyHeaderStatus.Invalid } => header.Fault.ToString(),
        { Text: "Local { }" } => "local",
        { Text: "Unknown { }" } => "unknown",
        _ => header.Text!.Replace("Client { Source = ", "", StringComparison.Ordinal).Replace(", Destination =", "", StringComparison.Ordinal).Replace(" }", "", StringComparison.Ordinal),
    };

    private static byte[] Flip(byte[] octets, int at)
    {
        octets[at] ^= 1;
        return octets;
    }
}
