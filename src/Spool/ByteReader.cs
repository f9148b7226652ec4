using System.Buffers.Binary;
using System.Text;

namespace MailCluster.Spool;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Past the end it yields zeros and <see cref="Failed"/>; it never throws.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>Octets consumed.</summary>
    public int Position { get; private set; }

    /// <summary>True where more was asked for than there is, or what was there could not be.</summary>
    public bool Failed { get; private set; }

    /// <summary>One octet.</summary>
    public byte Byte() => Take(1) is [var octet] ? octet : (byte)0;

    /// <summary>Four octets.</summary>
    public uint Fixed32() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32LittleEndian(four) : 0;

    /// <summary>Eight octets.</summary>
    public ulong Fixed64() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadUInt64LittleEndian(eight) : 0;

    /// <summary>An unsigned number, seven bits an octet.</summary>
    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (Position >= _source.Length)
            {
                break;
            }
            var octet = _source[Position++];
            value |= (ulong)(octet & 0x7F) << shift;
            if (octet < 0x80)
            {
                return value;
            }
        }
        Failed = true;
        return 0;
    }

    /// <summary>A number that must fit a count of things of at least one octet each, so that hostile counts cannot allocate.</summary>
    public int Count()
    {
        var count = Number();
        if (count > (ulong)(_source.Length - Position))
        {
            Failed = true;
            return 0;
        }
        return (int)count;
    }

    /// <summary>A number of 31 bits.</summary>
    public int Int()
    {
        var value = Number();
        if (value > int.MaxValue)
        {
            Failed = true;
            return 0;
        }
        return (int)value;
    }

    /// <summary>A string, or null.</summary>
    public string? String()
    {
        var length = Int();
        return length == 0 ? null : length == 1 ? "" : Encoding.UTF8.GetString(Take(length - 1));
    }

    /// <summary>A string that cannot be null.</summary>
    public string Text() => String() ?? "";

    /// <summary>So many octets.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        if (Failed || length > _source.Length - Position)
        {
            Failed = true;
            return default;
        }
        var taken = _source.Slice(Position, length);
        Position += length;
        return taken;
    }
}
