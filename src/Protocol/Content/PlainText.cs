using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Measures how much of a piece of content is plain: octets that can be copied as they stand, because every CR is followed by LF and every LF
/// preceded by CR, there is no NUL, no line begins with a dot and none is too long. Looks at a block of octets at once.
/// </summary>
internal static class PlainText
{
    /// <summary>Octets looked at together; what is shorter is not measured.</summary>
    public const int Block = 32;

    /// <summary>
    /// The length of the plain text at the start of <paramref name="octets"/>: where it ends, something needs a closer look, or fewer than a block remain.
    /// </summary>
    /// <param name="octets">The octets; what came before them was no lone CR.</param>
    /// <param name="limit">Octets of a line at most, without CRLF.</param>
    /// <param name="everyLine">Whether every line's first octet needs a closer look, not only a dot.</param>
    /// <param name="atLineStart">Whether the first octet begins a line.</param>
    /// <param name="lineLength">Octets of the last line so far, before and after.</param>
    /// <param name="eightBit">Whether an octet over 127 is among the plain text.</param>
    public static int Measure(ReadOnlySpan<byte> octets, int limit, bool everyLine, bool atLineStart, ref int lineLength, out bool eightBit)
    {
        ref var start = ref MemoryMarshal.GetReference(octets);
        var high = Vector256<byte>.Zero;
        var carriageReturn = Vector256.Create((byte)'\r');
        var lineFeed = Vector256.Create((byte)'\n');
        var dot = Vector256.Create((byte)'.');
        var (at, last) = (0, octets.Length - Block);
        var length = lineLength;
        var afterCr = 0u;
        var afterLf = atLineStart ? 1u : 0u;
        eightBit = false;

        // A line that may pass the limit within this block is looked at octet by octet.
        while (at <= last && length + Block <= limit)
        {
            var block = Vector256.LoadUnsafe(ref start, (nuint)at);
            var cr = Vector256.Equals(block, carriageReturn).ExtractMostSignificantBits();
            var lf = Vector256.Equals(block, lineFeed).ExtractMostSignificantBits();
            var first = (lf << 1) | afterLf;
            var stops = (((cr << 1) | afterCr) ^ lf) | Vector256.Equals(block, Vector256<byte>.Zero).ExtractMostSignificantBits();
            stops |= everyLine ? first : first == 0 ? 0 : Vector256.Equals(block, dot).ExtractMostSignificantBits() & first;
            if (stops != 0)
            {
                var count = BitOperations.TrailingZeroCount(stops);
                var before = (1u << count) - 1;
                eightBit = (block.ExtractMostSignificantBits() & before) != 0;
                length = LengthAfter(lf & before, count, length);
                at += count;
                break;
            }

            high |= block;
            length = lf == 0 ? length + Block : BitOperations.LeadingZeroCount(lf);
            afterCr = cr >> (Block - 1);
            afterLf = lf >> (Block - 1);
            at += Block;
        }

        // A CR whose LF is not in sight, or is none, is left to the closer look.
        if (at > 0 && Unsafe.Add(ref start, at - 1) == '\r')
        {
            at--;
            length--;
        }

        eightBit |= high.ExtractMostSignificantBits() != 0;
        lineLength = length;
        return at;
    }

    /// <summary>The length of the line after <paramref name="count"/> octets of a block, given the LFs among them.</summary>
    private static int LengthAfter(uint lineFeeds, int count, int length) =>
        lineFeeds == 0 ? length + count : count - 1 - BitOperations.Log2(lineFeeds);
}
