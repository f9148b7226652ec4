using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using MailCluster.Protocol.Proxy;

namespace MailCluster.Protocol.Tests.Proxy;

/// <summary>What came of a header, and headers to try, written apart from the parser.</summary>
internal sealed record Header(ProxyHeaderStatus Status, string? Text, ProxyHeaderFault Fault, long Consumed)
{
    private const uint Castagnoli = 0x82F63B78;

    /// <summary>Reads as a connection would: again whenever more has come, what is not consumed staying in front, until something is decided.</summary>
    /// <param name="octets">The stream.</param>
    /// <param name="cuts">Lengths of the segments; what is left is the last one. Empty ones too.</param>
    public static Header Of(byte[] octets, params IEnumerable<int> cuts)
    {
        var pieces = new List<byte[]>();
        var at = 0;
        foreach (var cut in cuts.Append(int.MaxValue))
        {
            var end = (int)Math.Min(octets.Length, at + (long)cut);
            pieces.Add(octets[at..end]);
            at = end;
        }
        var last = new Header(ProxyHeaderStatus.Incomplete, null, default, 0);
        for (var count = 1; count <= pieces.Count; count++)
        {
            var input = Segment.Chain(pieces.Take(count));
            var status = ProxyHeaderParser.Read(input, out var header, out var fault, out var consumed, out var examined);
            last = new(status, header?.ToString(), fault, input.GetOffset(consumed) - input.GetOffset(input.Start));
            Assert.Equal(status == ProxyHeaderStatus.Complete, header is not null);
            Assert.Equal(status == ProxyHeaderStatus.Invalid, fault != ProxyHeaderFault.None);
            if (status != ProxyHeaderStatus.Incomplete)
            {
                break;
            }
            Assert.Equal(0, last.Consumed);
            Assert.Equal(input.Length, input.Slice(0, examined).Length);
        }
        return last;
    }

    /// <summary>Version 2.</summary>
    public static byte[] Binary(byte command, byte family, byte[] block, byte[]? rest = null, int? length = null)
    {
        byte[] size = [0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)(length ?? block.Length));
        return [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, command, family, .. size, .. block, .. rest ?? []];
    }

    /// <summary>Addresses and ports, then vectors.</summary>
    public static byte[] Block(string source, int sourcePort, string destination, int destinationPort, params byte[][] vectors) =>
    [
        .. IPAddress.Parse(source).GetAddressBytes(), .. IPAddress.Parse(destination).GetAddressBytes(),
        (byte)(sourcePort >> 8), (byte)sourcePort, (byte)(destinationPort >> 8), (byte)destinationPort, .. vectors.SelectMany(vector => vector),
    ];

    /// <summary>A vector.</summary>
    public static byte[] Vector(byte type, params byte[] value) => [type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    /// <summary>Puts the checksum, bit by bit, where four zeroes stand for it.</summary>
    /// <param name="header">The header.</param>
    /// <param name="fromEnd">Where the zeroes begin, counted from the end.</param>
    public static byte[] Sealed(byte[] header, int fromEnd = 4)
    {
        var state = uint.MaxValue;
        foreach (var octet in header)
        {
            state ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ Castagnoli : state >> 1;
            }
        }
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(header.Length - fromEnd), ~state);
        return header;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Chain(IEnumerable<byte[]> pieces)
        {
            Segment? first = null, last = null;
            foreach (var piece in pieces)
            {
                var next = new Segment { Memory = piece, RunningIndex = (last?.RunningIndex ?? 0) + (last?.Memory.Length ?? 0) };
                first ??= next;
                if (last is not null)
                {
                    last.Next = next;
                }
                last = next;
            }
            return new(first!, 0, last!, last!.Memory.Length);
        }
    }
}
