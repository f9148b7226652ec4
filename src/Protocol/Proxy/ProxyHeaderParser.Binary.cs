using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Numerics;

namespace MailCluster.Protocol.Proxy;

// Version 2: 16 octets, addresses, vectors (section 2.2).
public static partial class ProxyHeaderParser
{
    private const int FixedLength = 16;

    private const byte ChecksumType = 0x03;

    private static ReadOnlySpan<byte> BinarySignature => "\r\n\r\n\0\r\nQUIT\n"u8;

    private static int ReadBinary(in ReadOnlySequence<byte> input, out ProxyHeader? header, out ProxyHeaderFault fault)
    {
        header = null;
        fault = ProxyHeaderFault.None;
        var head = Head(input, stackalloc byte[FixedLength + (2 * 16) + (2 * 2)]);
        if (!Begins(head, BinarySignature))
        {
            return Not(out fault, ProxyHeaderFault.NoSignature);
        }
        if (head.Length > 12 && head[12] is not (0x20 or 0x21))
        {
            return Not(out fault, ProxyHeaderFault.BadCommand);
        }
        var local = head.Length > 12 && head[12] == 0x20;
        if (head.Length > 13 && !local && (head[13] >> 4 > 3 || (head[13] & 15) > 2))
        {
            return Not(out fault, ProxyHeaderFault.BadFamily);
        }
        if (head.Length < FixedLength)
        {
            return 0;
        }
        var length = FixedLength + BinaryPrimitives.ReadUInt16BigEndian(head[14..]);
        var vectors = FixedLength + (local ? 0 : AddressesLength(head[13]));
        if (length > MaxLength || length < vectors)
        {
            return Not(out fault, length > MaxLength ? ProxyHeaderFault.TooLong : ProxyHeaderFault.TooShort);
        }
        if (input.Length < length)
        {
            return 0;
        }
        if (local)
        {
            // "Must discard the protocol block including the family": vectors and checksum are part of it, and nothing of it is used.
            header = ProxyHeader.Local.Instance;
            return length;
        }
        if (vectors > FixedLength && (fault = CheckVectors(input.Slice(0, length), vectors)) != ProxyHeaderFault.None)
        {
            return 0;
        }
        header = head[13] switch
        {
            0x11 => Addresses(head[FixedLength..], 4),
            0x21 => Addresses(head[FixedLength..], 16),
            _ => ProxyHeader.Unknown.Instance,
        };
        return length;
    }

    /// <summary>Octets of both addresses and ports. 0 where family or transport is unspecified: what follows means nothing to us.</summary>
    private static int AddressesLength(byte family) => (family >> 4, family & 15) switch
    {
        (_, 0) => 0,
        (1, _) => 2 * (4 + 2),
        (2, _) => 2 * (16 + 2),
        (3, _) => 2 * 108,
        _ => 0,
    };

    private static ProxyHeader.Client Addresses(ReadOnlySpan<byte> octets, int size)
    {
        var ports = octets[(2 * size)..];
        return new(
            new(new IPAddress(octets[..size]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new(new IPAddress(octets[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(ports[2..])));
    }

    /// <summary>Walks over the vectors, which must end with the header, and verifies the checksum where there is one: "the receiver MUST" (section 2.2.3). Others are passed over.</summary>
    private static ProxyHeaderFault CheckVectors(in ReadOnlySequence<byte> header, int vectors)
    {
        var reader = new SequenceReader<byte>(header);
        reader.Advance(vectors);
        var isChecked = false;
        while (!reader.End)
        {
            if (!reader.TryRead(out var type) || !reader.TryReadBigEndian(out short size) || reader.Remaining < (ushort)size)
            {
                return ProxyHeaderFault.BadVector;
            }
            if (type != ChecksumType)
            {
                reader.Advance((ushort)size);
                continue;
            }
            var at = reader.Consumed;
            if (size != 4 || isChecked || !reader.TryReadBigEndian(out int checksum))
            {
                return ProxyHeaderFault.BadVector;
            }
            if ((uint)checksum != Checksum(header, at))
            {
                return ProxyHeaderFault.BadChecksum;
            }
            isChecked = true;
        }
        return ProxyHeaderFault.None;
    }

    /// <summary>CRC32C (RFC 9260 appendix A) of the whole header, its own four octets taken as zeroes.</summary>
    private static uint Checksum(in ReadOnlySequence<byte> header, long at)
    {
        var state = Append(uint.MaxValue, header.Slice(0, at));
        state = BitOperations.Crc32C(state, 0u);
        return ~Append(state, header.Slice(at + 4));
    }

    private static uint Append(uint state, in ReadOnlySequence<byte> octets)
    {
        foreach (var memory in octets)
        {
            foreach (var octet in memory.Span)
            {
                state = BitOperations.Crc32C(state, octet);
            }
        }
        return state;
    }
}
