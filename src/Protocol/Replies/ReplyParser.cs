using System.Buffers;

namespace MailCluster.Protocol.Replies;

/// <summary>
/// Reads a peer's replies (RFC 5321 section 4.2). Never throws on input: what is no reply is a <see cref="ReplyProgress"/> that says so. Tolerant where it harms nobody
/// (bare LF, lines over 512 octets, a missing text), strict where octets could be taken for another reply.
/// </summary>
public static class ReplyParser
{
    /// <summary>Octets of one line at most. RFC 5321 section 4.5.3.1.5 says 512; some hosts write long explanations.</summary>
    public const int MaxLine = 2048;

    /// <summary>Lines of one reply at most.</summary>
    public const int MaxLines = 100;

    /// <summary>Octets of one reply at most, so that its buffer is bounded.</summary>
    public const int MaxOctets = 32 << 10;

    /// <summary>Reads one reply at the beginning of <paramref name="input"/>.</summary>
    /// <param name="input">What came and has not been consumed.</param>
    /// <param name="reply">The reply, valid as long as <paramref name="input"/> is, where the result is <see cref="ReplyProgress.Complete"/>.</param>
    /// <param name="consumed">Its octets; 0 where there is none.</param>
    public static ReplyProgress Parse(ReadOnlySpan<byte> input, out ReplyView reply, out int consumed)
    {
        reply = default;
        consumed = 0;
        var code = 0;
        var start = 0;
        for (var lines = 1; ; lines++)
        {
            var rest = input[start..];
            var end = rest.IndexOf((byte)'\n');
            if (end > MaxLine || (end < 0 && rest.Length > MaxLine) || start + end >= MaxOctets || lines > MaxLines)
            {
                return ReplyProgress.TooLong;
            }
            if (!TryReadCode(end < 0 ? rest : rest[..end], end < 0, out var lineCode, out var isLast))
            {
                return ReplyProgress.NoReply;
            }
            if (end < 0)
            {
                return ReplyProgress.NeedMore;
            }
            if (lines > 1 && lineCode != code)
            {
                return ReplyProgress.MixedCodes;
            }
            code = lineCode;
            start += end + 1;
            if (isLast)
            {
                consumed = start;
                reply = new(input[..start], code, lines);
                return ReplyProgress.Complete;
            }
        }
    }

    /// <summary>Reads one reply at the beginning of a sequence. One that lies over several segments is copied together, up to <see cref="MaxOctets"/>.</summary>
    public static ReplyProgress Parse(in ReadOnlySequence<byte> input, out ReplyView reply, out int consumed)
    {
        if (input.IsSingleSegment)
        {
            return Parse(input.FirstSpan, out reply, out consumed);
        }
        var octets = new byte[(int)Math.Min(input.Length, MaxOctets + 1)];
        input.Slice(0, octets.Length).CopyTo(octets);
        return Parse(octets, out reply, out consumed);
    }

    /// <summary>A line's text behind code and separator, without its CR.</summary>
    internal static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> line)
    {
        line = line is [.., (byte)'\r'] ? line[..^1] : line;
        return line.Length > 4 ? line[4..] : default;
    }

    /// <summary>The enhanced status code at the beginning of a text (RFC 3463 section 2); default where there is none or its class is not the code's.</summary>
    /// <param name="text">The text.</param>
    /// <param name="code">The reply code.</param>
    /// <param name="length">The octets it takes, the space behind it included; 0 where there is none.</param>
    internal static EnhancedStatusCode ReadStatus(ReadOnlySpan<byte> text, int code, out int length)
    {
        length = 0;
        if (text is not [>= (byte)'0' and <= (byte)'9', (byte)'.', ..] || text[0] - '0' != code / 100 || code / 100 is not (2 or 4 or 5)
            || !TryReadNumber(text[2..], out var subject, out var digits) || text.Length <= 2 + digits || text[2 + digits] != '.'
            || !TryReadNumber(text[(3 + digits)..], out var detail, out var more))
        {
            return default;
        }
        var end = 3 + digits + more;
        if (end < text.Length && text[end] != ' ')
        {
            return default;
        }
        length = Math.Min(end + 1, text.Length);
        return new((byte)(code / 100), subject, detail);
    }

    /// <summary>Reads code and separator. Of a line that is not there to its end yet, only what cannot become a reply any more is refused.</summary>
    private static bool TryReadCode(ReadOnlySpan<byte> line, bool isPart, out int code, out bool isLast)
    {
        code = 0;
        isLast = true;
        line = line is [.., (byte)'\r'] ? line[..^1] : line;
        for (var i = 0; i < 3 && i < line.Length; i++)
        {
            if (line[i] is < (byte)'0' or > (byte)'9' || (i == 0 && line[0] is < (byte)'2' or > (byte)'5'))
            {
                return false;
            }
            code = (code * 10) + line[i] - '0';
        }
        if (line.Length > 3)
        {
            isLast = line[3] == ' ';
            return isLast || line[3] == '-';
        }
        return isPart || line.Length == 3;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> text, out ushort number, out int digits)
    {
        number = 0;
        for (digits = 0; digits < text.Length && digits < 4 && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            number = (ushort)((number * 10) + text[digits] - '0');
        }
        return digits is > 0 and < 4;
    }
}
