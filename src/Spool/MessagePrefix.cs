using System.Buffers.Binary;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>The first 32 octets of a message's payload, before the envelope. A snapshot's states stand behind the envelope, then comes the content.</summary>
/// <param name="ContentLength">Octets of content, here or in <c>large/</c>.</param>
/// <param name="Arrived">When the end of data was received, in ticks of UTC.</param>
/// <param name="ContentCrc">CRC32C of the content.</param>
/// <param name="EnvelopeLength">Octets of the envelope.</param>
/// <param name="Traits">What the content is like.</param>
/// <param name="Handovers">How often it had been marked as handing over when the record was written: the number of the last handover.</param>
internal readonly record struct MessagePrefix(long ContentLength, long Arrived, uint ContentCrc, uint EnvelopeLength, ContentTraits Traits, ushort Handovers = 0)
{
    /// <summary>Octets of it.</summary>
    public const int Size = 32;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> target)
    {
        target[..Size].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(target, ContentLength);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], Arrived);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], ContentCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], EnvelopeLength);
        target[24] = (byte)Traits;
        BinaryPrimitives.WriteUInt16LittleEndian(target[26..], Handovers);
    }

    /// <summary>Reads it; false where it contradicts the length of the checked part.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out MessagePrefix prefix)
    {
        prefix = default;
        if (source.Length < Size)
        {
            return false;
        }
        prefix = new(
            BinaryPrimitives.ReadInt64LittleEndian(source), BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]), BinaryPrimitives.ReadUInt32LittleEndian(source[20..]), (ContentTraits)source[24],
            BinaryPrimitives.ReadUInt16LittleEndian(source[26..]));
        return prefix.EnvelopeLength <= source.Length - Size && prefix.ContentLength >= 0;
    }
}
