using System.Collections.Immutable;
using System.Text;

namespace MailCluster.Protocol.Replies;

/// <summary>A reply where it stands in the receive buffer: code and enhanced status code without an allocation, the text only for those who ask.</summary>
public readonly ref struct ReplyView
{
    private readonly int _lines;

    internal ReplyView(ReadOnlySpan<byte> octets, int code, int lines)
    {
        Octets = octets;
        Code = code;
        _lines = lines;
        Status = ReplyParser.ReadStatus(ReplyParser.TextOf(octets[..octets.IndexOf((byte)'\n')]), code, out _);
    }

    /// <summary>The whole reply with its line ends.</summary>
    public ReadOnlySpan<byte> Octets { get; }

    /// <summary>200 to 599.</summary>
    public int Code { get; }

    /// <summary>The enhanced status code of the first line, where its class fits the code's (RFC 2034 section 4).</summary>
    public EnhancedStatusCode Status { get; }

    /// <summary>Copies it out. What is not UTF-8, and what is no text (control characters, which could forge lines in logs and reports), becomes U+FFFD.</summary>
    public Reply ToReply()
    {
        var lines = ImmutableArray.CreateBuilder<string>(_lines);
        for (var rest = Octets; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n');
            var text = ReplyParser.TextOf(rest[..end]);
            ReplyParser.ReadStatus(text, Code, out var length);
            lines.Add(Decode(text[length..]));
            rest = rest[(end + 1)..];
        }
        return new(Code, Status, lines.MoveToImmutable());
    }

    private static string Decode(ReadOnlySpan<byte> text)
    {
        var decoded = Encoding.UTF8.GetString(text);
        return decoded.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && decoded.AsSpan().IndexOfAnyInRange('\x7f', '\x9f') < 0
            ? decoded
            : string.Create(decoded.Length, decoded, static (to, from) =>
            {
                for (var i = 0; i < to.Length; i++)
                {
                    to[i] = from[i] == '\t' ? ' ' : char.IsControl(from[i]) ? '\uFFFD' : from[i];
                }
            });
    }
}
