using System.Buffers.Binary;

namespace MailCluster.Spool;

/// <summary>The first 64 octets of a segment. Written with the segment's first records, in one write: a segment whose header is not there holds nothing.</summary>
/// <param name="Log">The log it belongs to.</param>
/// <param name="Number">Its number; rises over both logs.</param>
/// <param name="Spool">The spool's random id.</param>
/// <param name="Previous">The segment before it in this log, or 0.</param>
/// <param name="PreviousEnd">Where that one ends: what stands behind was torn or failed, and is never read.</param>
/// <param name="NumberCeiling">No queue id given while this is the newest segment has a number so high.</param>
/// <param name="Sequence">The sequence of its first record.</param>
/// <param name="Format">Its version.</param>
internal readonly record struct SegmentHeader(
    LogKind Log, uint Number, ulong Spool, uint Previous, long PreviousEnd, ulong NumberCeiling, ulong Sequence, ushort Format = SegmentHeader.Version)
{
    /// <summary>Octets of a header.</summary>
    public const int Size = 64;

    private const ulong Magic = 0x0A4745535F434D89;
    /// <summary>The version of a segment that any program of ours can read.</summary>
    public const ushort Version = 1;

    /// <summary>The version of one that may hold records about handovers. A program that does not know them must not open it: it would deliver what has been handed over.</summary>
    public const ushort HandoverVersion = 2;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> target)
    {
        target[..Size].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], Format);
        target[10] = (byte)Log;
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Spool);
        BinaryPrimitives.WriteUInt32LittleEndian(target[24..], Previous);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], PreviousEnd);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], NumberCeiling);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], Crc32C.Of(target[..60]));
    }

    /// <summary>Reads one; false where there is none.</summary>
    /// <exception cref="IOException">The segment is of a version that this program does not know.</exception>
    public static bool TryRead(ReadOnlySpan<byte> source, out SegmentHeader header)
    {
        header = default;
        if (source.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[60..]) != Crc32C.Of(source[..60]))
        {
            return false;
        }
        var version = BinaryPrimitives.ReadUInt16LittleEndian(source[8..]);
        if (version is not (Version or HandoverVersion))
        {
            throw new IOException($"A segment is of version {version}; this program knows {Version} and {HandoverVersion}.");
        }
        header = new(
            (LogKind)source[10], BinaryPrimitives.ReadUInt32LittleEndian(source[12..]), BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[24..]), BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]), BinaryPrimitives.ReadUInt64LittleEndian(source[48..]), version);
        return true;
    }
}
