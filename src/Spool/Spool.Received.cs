using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// Which handovers were received. The records of the messages say it as long as their segments are there; before one of those is dropped, what it says goes into a file of its own. So nothing
// stands between a commit and its one sync, and after a crash the answer is right for every message: known where its record is, and where it is not, not.
public sealed partial class Spool
{
    private const ulong ReceivedMagic = 0x0A444345524D4D89;
    private const ushort ReceivedVersion = 1;
    private const int ReceivedHeader = 32;
    private const byte Complete = 1;

    // Guarded by the gate. The set holds what the file holds and what the records of this process's segments say.
    private readonly HandoverSet _had = new();
    private readonly Dictionary<ulong, ulong> _forgotten = [];
    private string? _hadDamage;
    private ulong _lastReceived;
    private long _hadVersion;
    private long _hadWritten;

    private void NoteReceived(Segment segment, HandoverId handover, ulong sequence)
    {
        _lastReceived = sequence;
        if (_had.Add(handover))
        {
            segment.ReceivedVersion = ++_hadVersion;
        }
    }

    /// <summary>A record that was received was found at start. What its donor has had forgotten since is not known again.</summary>
    private void FoundReceived(Segment segment, HandoverId handover, ulong sequence)
    {
        if (_forgotten.GetValueOrDefault(handover.Donor) < sequence)
        {
            NoteReceived(segment, handover, sequence);
        }
        _lastReceived = Math.Max(_lastReceived, sequence);
    }

    /// <summary>Reads the file, before any record.</summary>
    private void ReadReceived()
    {
        if (!File.Exists(_layout.Received))
        {
            return;
        }
        var (bytes, damage) = ReadReceived(Disk, _layout.Received, Id);
        if (damage is not null)
        {
            _hadDamage = damage;
            Note(new(_layout.Received, default, damage));
        }
        var reader = new ByteReader(bytes);
        for (var count = reader.Count(); count > 0 && !reader.Failed; count--)
        {
            _forgotten[reader.Fixed64()] = reader.Number();
        }
        _had.Read(ref reader);
    }

    /// <summary>What the file of received handovers says, and what is wrong with it.</summary>
    internal static (byte[] Bytes, string? Damage) ReadReceived(SpoolDisk disk, string path, ulong spool)
    {
        using var file = disk.OpenRead(path);
        var bytes = new byte[RandomAccess.GetLength(file)];
        var read = disk.Read(file, bytes, 0);
        if (read < ReceivedHeader || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != ReceivedMagic || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(28)) != Crc32C.Of(bytes.AsSpan(0, 28))
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)) != spool || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(24)) != Crc32C.Of(bytes.AsSpan(ReceivedHeader)))
        {
            return ([], $"{path} is damaged: whether a message was received by handover cannot be told. Once no other node has a message marked for this one, remove the file.");
        }
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        if (version != ReceivedVersion)
        {
            throw new IOException($"{path} is of version {version}; this program knows {ReceivedVersion}.");
        }
        return (bytes[ReceivedHeader..], bytes[10] == Complete ? null : $"{path} was damaged, and not all that it held is known. Once no other node has a message marked for this one, remove the file.");
    }

    /// <summary>Writes the file anew. On the chores' thread.</summary>
    private void WriteReceived()
    {
        var bytes = new ByteWriter(4096);
        long version;
        bytes.Reserve(ReceivedHeader).Clear();
        lock (_gate)
        {
            version = _hadVersion;
            bytes.Number(_forgotten.Count);
            foreach (var (donor, sequence) in _forgotten)
            {
                bytes.Fixed64(donor);
                bytes.Number(sequence);
            }
            _had.Write(bytes);
        }
        var header = bytes.Span;
        BinaryPrimitives.WriteUInt64LittleEndian(header, ReceivedMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], ReceivedVersion);
        // Where it was damaged it says so ever after: it would seem whole, and is not.
        header[10] = _hadDamage is null ? Complete : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], Id);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], Crc32C.Of(header[ReceivedHeader..]));
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], Crc32C.Of(header[..28]));
        var unfinished = _layout.Received + ".new";
        Disk.Delete(unfinished);
        using (var file = CreateOfReserve(unfinished, bytes.Length))
        {
            Disk.Write(file, [bytes.Memory], 0);
            Disk.Truncate(file, bytes.Length);
            Disk.Sync(file);
        }
        Disk.Rename(unfinished, _layout.Received);
        Disk.SyncDirectory(_layout.Directory);
        _hadWritten = version;
    }

    /// <summary>A file with room for so many octets. On a full disk a segment of the reserve becomes it: what waits for this file gives back more than it takes.</summary>
    private SafeFileHandle CreateOfReserve(string path, long length)
    {
        SafeFileHandle? file = null;
        try
        {
            file = Disk.Create(path);
            Disk.Preallocate(file, length);
            return file;
        }
        catch (IOException failure)
        {
            file?.Dispose();
            Disk.Delete(path);
            if (failure is DiskFullException && TakeReserve(path, length) is { } reserved)
            {
                return reserved;
            }
            throw;
        }
    }

    /// <summary>Before a segment goes: what it says of handovers is in the file.</summary>
    private void KeepReceived(Segment segment)
    {
        long version;
        lock (_gate)
        {
            version = segment.ReceivedVersion;
        }
        if (version > _hadWritten)
        {
            WriteReceived();
        }
    }
}
