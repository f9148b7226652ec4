namespace MailCluster.Spool;

/// <summary>
/// Reads a segment record by record, where there is no sidecar to say what is in it. Content is checked too. In a segment whose end is known, or
/// before a later write that succeeded, what cannot be read is damage: it is told, and reading goes on behind it. At the tail of the last segment it is
/// what a crash cut off: nothing of it was ever acknowledged, and the segment ends there.
/// </summary>
internal sealed class SegmentScan(SpoolDisk disk, Segment segment, SpoolFormat format)
{
    private static readonly byte[] HeaderMagic = [0x4D, 0x43, 0x52, 0x31];

    private readonly uint _seed = format.Seed(segment.Number);
    private byte[] _window = new byte[1 << 20];
    private long _windowStart;
    private int _windowLength;

    /// <summary>Called for each sound record: header, place, checked part.</summary>
    public required SoundRecord Sound { get; init; }

    /// <summary>Called for each stretch that is damaged: place, octets, the header where that is sound.</summary>
    public required Action<long, long, RecordHeader?> Damage { get; init; }

    /// <summary>A record that is sound.</summary>
    public delegate void SoundRecord(in RecordHeader header, long offset, ReadOnlySpan<byte> checkedPart);

    /// <summary>Reads the segment up to <paramref name="knownEnd"/>, or where that is null to its last sound record. Returns where it ends.</summary>
    public long Run(long? knownEnd)
    {
        var limit = Math.Min(knownEnd ?? long.MaxValue, segment.Size);
        long position = SegmentHeader.Size;
        ulong last = 0;
        // Stretches that are damage only if a later write turns out to have succeeded, and what was sound behind them.
        var doubtful = new List<(long Offset, long Length, RecordHeader? Header)>();
        var afterDoubt = new List<(RecordHeader Header, long Offset, byte[] Part)>();
        var end = position;
        while (position < limit)
        {
            var isSound = TryRecord(position, limit, last, out var header, out var length);
            if (isSound)
            {
                if (doubtful.Count > 0 && knownEnd is null && (header.Flags & RecordFlags.BatchStart) == 0)
                {
                    afterDoubt.Add((header, position, At(position + RecordHeader.Size, (int)header.CheckedLength).ToArray()));
                }
                else
                {
                    Settle(doubtful, afterDoubt);
                    Sound(header, position, At(position + RecordHeader.Size, (int)header.CheckedLength));
                    end = position + header.TotalLength;
                }
                last = header.Sequence;
                position += header.TotalLength;
                continue;
            }
            var next = length > 0 ? position + length : Resynchronize(position + RecordHeader.Alignment, limit, last);
            if (next < 0)
            {
                if (knownEnd is not null)
                {
                    doubtful.Add((position, limit - position, null));
                }
                break;
            }
            doubtful.Add((position, next - position, length > 0 ? header : null));
            if (length > 0)
            {
                last = header.Sequence;
            }
            position = next;
        }
        if (knownEnd is null)
        {
            return end;
        }
        Settle(doubtful, afterDoubt);
        if (segment.Size < knownEnd)
        {
            Damage(segment.Size, knownEnd.Value - segment.Size, null);
        }
        return knownEnd.Value;
    }

    private void Settle(List<(long Offset, long Length, RecordHeader? Header)> doubtful, List<(RecordHeader Header, long Offset, byte[] Part)> afterDoubt)
    {
        foreach (var (offset, length, header) in doubtful)
        {
            Damage(offset, length, header);
        }
        foreach (var (header, offset, part) in afterDoubt)
        {
            Sound(header, offset, part);
        }
        doubtful.Clear();
        afterDoubt.Clear();
    }

    /// <summary>Whether a sound record begins there. Where its header is sound and the rest is not, <paramref name="length"/> says how far it goes.</summary>
    private bool TryRecord(long position, long limit, ulong last, out RecordHeader header, out long length)
    {
        length = 0;
        if (!RecordHeader.TryRead(At(position, RecordHeader.Size), segment.Number, _seed, out header) || header.Sequence <= last
            || header.TotalLength > limit - position)
        {
            return false;
        }
        length = header.TotalLength;
        var payload = At(position + RecordHeader.Size, (int)header.Length);
        if (payload.Length < header.Length || Crc32C.Of(payload[..(int)header.CheckedLength]) != header.PayloadCrc)
        {
            return false;
        }
        if (header.CheckedLength < header.Length)
        {
            return MessagePrefix.TryRead(payload, out var prefix) && Crc32C.Of(payload[(int)header.CheckedLength..]) == prefix.ContentCrc;
        }
        return true;
    }

    private long Resynchronize(long position, long limit, ulong last)
    {
        while (position + RecordHeader.Size <= limit)
        {
            var window = At(position, 64 << 10);
            if (window.Length < RecordHeader.Size)
            {
                return -1;
            }
            var found = window.IndexOf(HeaderMagic);
            if (found < 0)
            {
                position += (window.Length - HeaderMagic.Length + RecordHeader.Alignment) & ~(RecordHeader.Alignment - 1);
                continue;
            }
            position += found;
            if (position % RecordHeader.Alignment == 0 && RecordHeader.TryRead(At(position, RecordHeader.Size), segment.Number, _seed, out var header)
                && header.Sequence > last && header.TotalLength <= limit - position)
            {
                return position;
            }
            position += HeaderMagic.Length;
        }
        return -1;
    }

    private ReadOnlySpan<byte> At(long position, int length)
    {
        if (position < _windowStart || position + length > _windowStart + _windowLength)
        {
            if (_window.Length < length)
            {
                _window = new byte[Math.Max(length, 2 * _window.Length)];
            }
            _windowStart = position;
            _windowLength = disk.Read(segment.File, _window, position);
        }
        var start = (int)(position - _windowStart);
        return _window.AsSpan(start, Math.Max(0, Math.Min(length, _windowLength - start)));
    }
}
