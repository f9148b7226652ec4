using System.Buffers;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Takes lines off the wire: commands at a server, replies at a client. A line ends with CRLF; one that does not, or is too long, is reported as such and
/// passed over, and the next line is read as if nothing had been. One instance serves one connection; <see cref="Reset"/> it when TLS begins.
/// </summary>
/// <param name="limit">Octets of a line at most, CRLF included.</param>
public sealed class LineReader(int limit)
{
    /// <summary>For commands: 512 octets and what the extensions add (RFC 5321 section 4.5.3.1.4; RFC 3461 section 4 alone adds over 500), in one round number.</summary>
    public const int CommandLimit = 2048;

    private bool _overflowing;
    private bool _distrusted;

    /// <summary>Octets of a line at most, CRLF included. May change between lines.</summary>
    public int Limit { get; set; } = limit;

    /// <summary>Forgets a line begun and not ended.</summary>
    public void Reset() => (_overflowing, _distrusted) = (false, false);

    /// <summary>Finds the line at the head of <paramref name="input"/>.</summary>
    /// <param name="input">What was received and not consumed.</param>
    /// <param name="line">The line without its end; empty where there is none or where it was too long.</param>
    /// <param name="consumed">Up to here the input is done with; the next call begins here.</param>
    /// <param name="examined">Up to here the input was looked at: nothing can be said before more has come.</param>
    public LineStatus Read(in ReadOnlySequence<byte> input, out ReadOnlySequence<byte> line, out SequencePosition consumed, out SequencePosition examined)
    {
        var head = input.FirstSpan;
        var length = (long)head.IndexOf((byte)'\n');
        var ended = length > 0 && head[(int)length - 1] == '\r';
        line = default;
        if (length < 0)
        {
            if (input.IsSingleSegment || input.PositionOf((byte)'\n') is not { } feed)
            {
                return Wait(input, out consumed, out examined);
            }

            length = input.GetOffset(feed) - input.GetOffset(input.Start);
            ended = length > 0 && LastOctet(input.Slice(0, feed), length) == '\r';
        }

        consumed = examined = input.GetPosition(length + 1);
        var trusted = ended && !_distrusted;
        _distrusted = !ended;
        if (_overflowing || length + 1 > Limit)
        {
            _overflowing = false;
            return LineStatus.TooLong;
        }

        line = input.Slice(0, ended ? length - 1 : length);
        return trusted ? LineStatus.Line : LineStatus.BareLineFeed;
    }

    /// <summary>No line feed in sight: keeps the input, or drops it where the line is over the limit already. A last CR is kept: it may be half of the end.</summary>
    private LineStatus Wait(in ReadOnlySequence<byte> input, out SequencePosition consumed, out SequencePosition examined)
    {
        examined = input.End;
        consumed = input.Start;
        var length = input.Length;
        if (_overflowing || length >= Limit)
        {
            _overflowing = true;
            consumed = length > 0 && LastOctet(input, length) == '\r' ? input.GetPosition(length - 1) : input.End;
        }

        return LineStatus.Incomplete;
    }

    private static byte LastOctet(in ReadOnlySequence<byte> octets, long length) =>
        octets.IsSingleSegment ? octets.FirstSpan[(int)length - 1] : octets.Slice(length - 1).FirstSpan[0];
}
