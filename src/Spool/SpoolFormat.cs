using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MailCluster.Spool;

/// <summary>What the file <c>spool</c> says, twice, in case one copy is damaged.</summary>
/// <param name="Id">The spool's random id, half of its queue ids.</param>
/// <param name="Secret">Begins the checksum of each record's header, so that content cannot imitate a record. Never leaves the disk.</param>
internal sealed record SpoolFormat(ulong Id, ulong Secret)
{
    /// <summary>The version that this program writes and reads.</summary>
    public const ushort Version = 1;

    private const ulong Magic = 0x0A4C4F4F50534D89;
    private const int Copy = 64;

    /// <summary>A new spool's.</summary>
    public static SpoolFormat Create()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(random) | 1, BinaryPrimitives.ReadUInt64LittleEndian(random[8..]));
    }

    /// <summary>Where the checksum of a header in that segment begins.</summary>
    public uint Seed(uint segment) => (uint)(((Secret ^ segment) * 0x9E3779B97F4A7C15) >> 32) ^ (uint)Secret;

    /// <summary>As in the file.</summary>
    public byte[] ToFile()
    {
        var file = GC.AllocateArray<byte>(2 * Copy, pinned: true);
        foreach (var start in (ReadOnlySpan<int>)[0, Copy])
        {
            var copy = file.AsSpan(start, Copy);
            BinaryPrimitives.WriteUInt64LittleEndian(copy, Magic);
            BinaryPrimitives.WriteUInt16LittleEndian(copy[8..], Version);
            BinaryPrimitives.WriteUInt64LittleEndian(copy[16..], Id);
            BinaryPrimitives.WriteUInt64LittleEndian(copy[24..], Secret);
            BinaryPrimitives.WriteUInt32LittleEndian(copy[60..], Crc32C.Of(copy[..60]));
        }
        return file;
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="IOException">It is of another version, or both copies are damaged.</exception>
    public static SpoolFormat FromFile(ReadOnlySpan<byte> file, string path)
    {
        for (var start = 0; start + Copy <= file.Length; start += Copy)
        {
            var copy = file.Slice(start, Copy);
            if (BinaryPrimitives.ReadUInt64LittleEndian(copy) != Magic || BinaryPrimitives.ReadUInt32LittleEndian(copy[60..]) != Crc32C.Of(copy[..60]))
            {
                continue;
            }
            var version = BinaryPrimitives.ReadUInt16LittleEndian(copy[8..]);
            return version == Version
                ? new(BinaryPrimitives.ReadUInt64LittleEndian(copy[16..]), BinaryPrimitives.ReadUInt64LittleEndian(copy[24..]))
                : throw new IOException($"{path}: the spool is of version {version}, this program knows {Version}. Use the program that wrote it, and let it empty the spool.");
        }
        throw new IOException($"{path}: both copies of the spool's id are damaged. Restore this file ({2 * Copy} octets, never changed since the spool was made) from a backup.");
    }
}
