using System.Buffers.Binary;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>The index of a sealed segment, in a file beside it. Without a valid one the segment is read itself.</summary>
internal static class Sidecar
{
    private const ulong Magic = 0x0A5844495F434D89;
    private const ushort Version = 1;
    private const int HeaderSize = 64;

    /// <summary>Writes the sidecar of a segment whose records up to its end are on stable storage.</summary>
    public static void Write(SpoolDisk disk, Segment segment, SegmentRows rows, ulong spool)
    {
        var head = new ByteWriter(4096);
        head.Reserve(HeaderSize).Clear();
        foreach (var domain in rows.Domains)
        {
            head.String(domain.Value);
        }
        var header = head.Span;
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], segment.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], spool);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], segment.End);
        BinaryPrimitives.WriteUInt32LittleEndian(header[32..], (uint)rows.Domains.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(header[36..], (uint)rows.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], (uint)(head.Length - HeaderSize));
        BinaryPrimitives.WriteUInt32LittleEndian(header[44..], (uint)rows.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[56..], ~Crc32C.Append(Crc32C.Append(Crc32C.Initial, header[HeaderSize..]), rows.Bytes.Span));
        BinaryPrimitives.WriteUInt32LittleEndian(header[60..], Crc32C.Of(header[..60]));
        var unfinished = segment.SidecarPath + ".new";
        disk.Delete(unfinished);
        using (var file = disk.Create(unfinished))
        {
            disk.Write(file, [head.Memory, rows.Bytes.Memory], 0);
            disk.Sync(file);
        }
        disk.Rename(unfinished, segment.SidecarPath);
    }

    /// <summary>Reads a sidecar into <paramref name="buffer"/>, which grows as needed; null where there is no valid one for that segment and end.</summary>
    public static SidecarRows? Read(SpoolDisk disk, Segment segment, ulong spool, long? knownEnd, ref byte[] buffer)
    {
        if (!File.Exists(segment.SidecarPath))
        {
            return null;
        }
        using var file = disk.OpenRead(segment.SidecarPath);
        var length = RandomAccess.GetLength(file);
        if (length is < HeaderSize or > int.MaxValue)
        {
            return null;
        }
        if (buffer.Length < length)
        {
            buffer = new byte[length + length / 2];
        }
        var bytes = buffer.AsSpan(0, (int)length);
        if (disk.Read(file, bytes, 0) < bytes.Length || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Of(bytes[..60])
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != segment.Number || BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) != spool
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]) != Crc32C.Of(bytes[HeaderSize..]))
        {
            return null;
        }
        var end = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        if ((knownEnd ?? end) != end || end > segment.Size)
        {
            return null;
        }
        var domains = new List<DomainName>();
        var reader = new ByteReader(bytes[HeaderSize..]);
        for (var i = BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]); i > 0 && !reader.Failed; i--)
        {
            domains.Add(new(reader.Text()));
        }
        var rows = HeaderSize + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]);
        return new(buffer.AsMemory(rows, (int)length - rows), domains, end);
    }
}

/// <summary>What a sidecar holds.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Domains">The domains that they name.</param>
/// <param name="End">Where the segment ends.</param>
internal readonly record struct SidecarRows(ReadOnlyMemory<byte> Rows, List<DomainName> Domains, long End);
