using System.Numerics;
using System.Runtime.InteropServices;

namespace MailCluster.Spool;

/// <summary>CRC32C (Castagnoli) by the processor's own instruction, eight octets at a step.</summary>
internal static class Crc32C
{
    /// <summary>The state before the first octet.</summary>
    public const uint Initial = uint.MaxValue;

    /// <summary>The checksum of <paramref name="data"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => ~Append(Initial, data);

    /// <summary>The state after <paramref name="data"/>; complemented, it is the checksum.</summary>
    public static uint Append(uint state, ReadOnlySpan<byte> data)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(data))
        {
            state = BitOperations.Crc32C(state, word);
        }
        foreach (var octet in data[(data.Length & ~7)..])
        {
            state = BitOperations.Crc32C(state, octet);
        }
        return state;
    }
}
