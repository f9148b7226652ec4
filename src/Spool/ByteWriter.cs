using System.Buffers.Binary;
using System.Text;

namespace MailCluster.Spool;

/// <summary>A growing run of octets on the pinned heap, so that a gathered write can name its address. One owner at a time.</summary>
internal sealed class ByteWriter(int capacity)
{
    private byte[] _array = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);

    /// <summary>Octets written.</summary>
    public int Length { get; private set; }

    /// <summary>Octets it can take without growing.</summary>
    public int Capacity => _array.Length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

    /// <summary>What was written, for patching.</summary>
    public Span<byte> Span => _array.AsSpan(0, Length);

    /// <summary>Forgets all after <paramref name="length"/>.</summary>
    public void Reset(int length = 0) => Length = length;

    /// <summary>Room for so many octets, to be written by the caller; counted at once.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_array.Length - Length < length)
        {
            var larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(2L * _array.Length, (long)Length + length)), pinned: true);
            Span.CopyTo(larger);
            _array = larger;
        }
        var reserved = _array.AsSpan(Length, length);
        Length += length;
        return reserved;
    }

    /// <summary>One octet.</summary>
    public void Byte(byte value) => Reserve(1)[0] = value;

    /// <summary>Four octets.</summary>
    public void Fixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    /// <summary>Eight octets.</summary>
    public void Fixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    /// <summary>An unsigned number, seven bits an octet.</summary>
    public void Number(ulong value)
    {
        var room = Reserve(10);
        var used = 0;
        while (value >= 0x80)
        {
            room[used++] = (byte)(value | 0x80);
            value >>= 7;
        }
        room[used++] = (byte)value;
        Length -= 10 - used;
    }

    /// <summary>A count or a number that is not negative.</summary>
    public void Number(int value) => Number((ulong)value);

    /// <summary>A string, or null.</summary>
    public void String(string? value)
    {
        if (value is null)
        {
            Number(0UL);
            return;
        }
        Number(Encoding.UTF8.GetByteCount(value) + 1);
        Encoding.UTF8.GetBytes(value, Reserve(Encoding.UTF8.GetByteCount(value)));
    }

    /// <summary>Octets as they are.</summary>
    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>Zeros up to a multiple of eight.</summary>
    public void Pad() => Reserve(-Length & 7).Clear();
}
