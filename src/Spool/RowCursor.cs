using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>Goes through the rows of one log's segments, in order: those of each segment are fetched as it is reached.</summary>
internal sealed class RowCursor(IEnumerator<(Segment Segment, SidecarRows Rows)> segments)
{
    private ReadOnlyMemory<byte> _rows;
    private int _position;

    /// <summary>The segment of the current row.</summary>
    public Segment Segment { get; private set; } = null!;

    /// <summary>The domains that rows of this segment name.</summary>
    public List<DomainName> Domains { get; private set; } = [];

    /// <summary>The current row's record.</summary>
    public RecordType Type { get; private set; }

    /// <inheritdoc cref="Type"/>
    public RecordFlags Flags { get; private set; }

    /// <summary>Where it begins.</summary>
    public uint Offset { get; private set; }

    /// <summary>Octets of it, with padding.</summary>
    public uint Length { get; private set; }

    /// <summary>Its place in the order of both logs.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Its message.</summary>
    public QueueId Id { get; private set; }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Advance()
    {
        while (_position >= _rows.Length)
        {
            if (!segments.MoveNext())
            {
                return false;
            }
            (Segment, var rows) = segments.Current;
            (_rows, _position, Domains) = (rows.Rows, 0, rows.Domains);
        }
        var reader = Rest();
        (Type, Flags) = ((RecordType)reader.Byte(), (RecordFlags)reader.Byte());
        (Offset, Length, Sequence) = ((uint)reader.Number(), (uint)reader.Number(), reader.Number());
        Id = new(reader.Fixed64(), reader.Number());
        Consume(reader);
        return true;
    }

    /// <summary>What follows the common part of the row; to be consumed whole, and told by <see cref="Consume"/>.</summary>
    public ByteReader Rest() => new(_rows.Span[_position..]);

    /// <summary>So much of the row has been read.</summary>
    public void Consume(in ByteReader reader)
    {
        if (reader.Failed)
        {
            throw new InvalidDataException($"The rows of {Segment.Path} are malformed though their checksum is right.");
        }
        _position += reader.Position;
    }
}
