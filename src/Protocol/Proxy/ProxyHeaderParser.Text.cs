using System.Buffers;
using System.Net;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Protocol.Proxy;

// Version 1: one line of text (section 2.1).
public static partial class ProxyHeaderParser
{
    /// <summary>Octets of the line with its CRLF at most (section 2.1).</summary>
    private const int MaxLine = 107;

    private static ReadOnlySpan<byte> TextSignature => "PROXY "u8;

    private static int ReadText(in ReadOnlySequence<byte> input, out ProxyHeader? header, out ProxyHeaderFault fault)
    {
        header = null;
        fault = ProxyHeaderFault.None;
        var line = Head(input, stackalloc byte[MaxLine]);
        if (!Begins(line, TextSignature))
        {
            return Not(out fault, ProxyHeaderFault.NoSignature);
        }
        var end = line.IndexOfAny((byte)'\r', (byte)'\n');
        if (end >= 0 && (line[end] == '\n' || (end + 1 < line.Length && line[end + 1] != '\n')))
        {
            // "Must not tolerate a single CR or LF."
            return Not(out fault, ProxyHeaderFault.BadLine);
        }
        if (end < 0 || end + 1 == line.Length)
        {
            return line.Length == MaxLine ? Not(out fault, ProxyHeaderFault.TooLong) : 0;
        }
        header = ReadFields(line[TextSignature.Length..end]);
        return header is null ? Not(out fault, ProxyHeaderFault.BadLine) : end + 2;
    }

    /// <summary>What stands between the signature and CRLF; null where it is not as written.</summary>
    private static ProxyHeader? ReadFields(ReadOnlySpan<byte> fields)
    {
        var family = Take(ref fields);
        if (family.SequenceEqual("UNKNOWN"u8))
        {
            // "The receiver must ignore anything presented before the CRLF."
            return ProxyHeader.Unknown.Instance;
        }
        var six = family.SequenceEqual("TCP6"u8);
        return (six || family.SequenceEqual("TCP4"u8))
            && TryAddress(Take(ref fields), six, out var source) && TryAddress(Take(ref fields), six, out var destination)
            && TryPort(Take(ref fields), out var sourcePort) && TryPort(fields, out var destinationPort)
                ? new ProxyHeader.Client(new(source, sourcePort), new(destination, destinationPort))
                : null;
    }

    /// <summary>The octets up to the next space, which is passed over: a second one makes an empty field, which is none of anything.</summary>
    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> fields)
    {
        var space = fields.IndexOf((byte)' ');
        var field = space < 0 ? fields : fields[..space];
        fields = space < 0 ? default : fields[(space + 1)..];
        return field;
    }

    private static bool TryAddress(ReadOnlySpan<byte> text, bool six, out IPAddress address) =>
        six ? AddressLiteral.TryParseV6(text, out address) : AddressLiteral.TryParseV4(text, out address);

    /// <summary>0 to 65535, without leading zeroes.</summary>
    private static bool TryPort(ReadOnlySpan<byte> text, out int port)
    {
        port = 0;
        if (text.Length is 0 or > 5 || (text[0] == '0' && text.Length > 1))
        {
            return false;
        }
        foreach (var octet in text)
        {
            if (octet is < (byte)'0' or > (byte)'9')
            {
                return false;
            }
            port = (port * 10) + octet - '0';
        }
        return port <= ushort.MaxValue;
    }
}
