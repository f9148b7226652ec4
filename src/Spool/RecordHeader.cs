using System.Buffers.Binary;

namespace MailCluster.Spool;

/// <summary>
/// What stands before each record's payload: 56 octets, little-endian. Its checksum begins with a secret of this spool and the segment's number, so that
/// neither stale octets of another file nor content that imitates a record is ever read as one.
/// </summary>
/// <param name="Type">What the record says.</param>
/// <param name="Flags">And how.</param>
/// <param name="Id">The message.</param>
/// <param name="Length">Octets of payload, before the padding to eight.</param>
/// <param name="CheckedLength">Octets of it that <paramref name="PayloadCrc"/> covers; what follows is content, with a checksum of its own in the checked part.</param>
/// <param name="PayloadCrc">CRC32C of the checked part.</param>
/// <param name="Segment">The segment's number.</param>
/// <param name="Sequence">Rises over all records of both logs.</param>
/// <param name="Argument">Of an outcome: the number of the entry's destination. Of what handing over writes: the number of the handover.</param>
internal readonly record struct RecordHeader(
    RecordType Type, RecordFlags Flags, QueueId Id, uint Length, uint CheckedLength, uint PayloadCrc, uint Segment, ulong Sequence, uint Argument)
{
    /// <summary>Octets of a header.</summary>
    public const int Size = 56;

    /// <summary>Records begin at multiples of this.</summary>
    public const int Alignment = 8;

    private const uint Magic = 0x3152434D;
    private const ushort Version = 1;

    /// <summary>Octets of the whole record with its padding.</summary>
    public long TotalLength => Total(Length);

    /// <summary>Octets of a record with a payload of <paramref name="length"/>.</summary>
    public static long Total(long length) => (Size + length + Alignment - 1) & ~(long)(Alignment - 1);

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> target, uint seed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = (byte)Type;
        target[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Id.Spool);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Id.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(target[24..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], CheckedLength);
        BinaryPrimitives.WriteUInt32LittleEndian(target[32..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[36..], Segment);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(target[48..], Argument);
        BinaryPrimitives.WriteUInt32LittleEndian(target[52..], ~Crc32C.Append(seed, target[..52]));
    }

    /// <summary>Reads one; false where there is no valid header of that segment.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, uint segment, uint seed, out RecordHeader header)
    {
        header = default;
        if (source.Length < Size || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[36..]) != segment
            || BinaryPrimitives.ReadUInt32LittleEndian(source[52..]) != ~Crc32C.Append(seed, source[..52]))
        {
            return false;
        }
        if (BinaryPrimitives.ReadUInt16LittleEndian(source[6..]) != Version)
        {
            throw new IOException($"Segment {segment} holds records of version {BinaryPrimitives.ReadUInt16LittleEndian(source[6..])}; this program knows {Version}.");
        }
        header = new(
            (RecordType)source[4], (RecordFlags)source[5],
            new(BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadUInt64LittleEndian(source[16..])),
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..]), BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[32..]), segment,
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]), BinaryPrimitives.ReadUInt32LittleEndian(source[48..]));
        return header.CheckedLength <= header.Length;
    }
}
