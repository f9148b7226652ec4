using System.Buffers;
using MailCluster.Protocol.Content;
using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

/// <summary>A message's content, open for reading until disposed; it does not move or vanish before that.</summary>
public sealed class SpooledContent : IDisposable
{
    private readonly Spool _spool;
    private readonly QueueId _id;
    private readonly PooledContent? _pooled;
    private readonly SafeFileHandle? _file;
    private readonly Segment? _segment;
    private readonly long _start;
    private readonly uint _crc;
    private int _disposed;
    private bool _verified;

    internal SpooledContent(Spool spool, QueueId id, PooledContent pooled, ContentTraits traits)
    {
        _spool = spool;
        _id = id;
        _pooled = pooled;
        Length = pooled.Length;
        Traits = traits;
    }

    internal SpooledContent(Spool spool, QueueId id, Segment? segment, SafeFileHandle? file, long start, in MessagePrefix prefix)
    {
        _spool = spool;
        _id = id;
        _segment = segment;
        _file = file;
        _start = start;
        _crc = prefix.ContentCrc;
        Length = prefix.ContentLength;
        Traits = prefix.Traits;
    }

    /// <summary>Octets.</summary>
    public long Length { get; }

    /// <summary>What it is like.</summary>
    public ContentTraits Traits { get; }

    /// <summary>The whole content where it still stands in memory: to be sent without a copy.</summary>
    public bool TryGetMemory(out ReadOnlySequence<byte> content)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        content = _pooled?.Sequence() ?? default;
        return _pooled is not null;
    }

    /// <summary>Reads at a place; returns 0 only at the end. Its checksum has been verified before the first octet is returned.</summary>
    /// <exception cref="InvalidDataException">The content is damaged: the message has been set aside as corrupt and must not be sent.</exception>
    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset >= Length || buffer.IsEmpty)
        {
            return new(0);
        }
        var part = buffer[..(int)Math.Min(buffer.Length, Length - offset)];
        if (_pooled is null)
        {
            return new(Task.Run(() => ReadFile(offset, part), cancellation));
        }
        _pooled.Sequence().Slice(offset, part.Length).CopyTo(part.Span);
        return new(part.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _pooled?.Release();
            _segment?.Release();
            if (_segment is null)
            {
                _file?.Dispose();
            }
        }
    }

    private int ReadFile(long offset, Memory<byte> part)
    {
        if (!_verified)
        {
            if (!Verify(_spool.Disk, _file!, _start, Length, _crc))
            {
                _spool.SetAside(_id, "its content does not match its checksum");
                throw new InvalidDataException($"The content of {_id} is damaged; the message has been set aside.");
            }
            _verified = true;
        }
        var read = _spool.Disk.Read(_file!, part.Span, _start + offset);
        return read == part.Length ? read : throw new InvalidDataException($"The content of {_id} has become shorter.");
    }

    /// <summary>Whether so many octets of a file have that checksum.</summary>
    internal static bool Verify(SpoolDisk disk, SafeFileHandle file, long start, long length, uint crc)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
        try
        {
            var state = Crc32C.Initial;
            for (long done = 0; done < length;)
            {
                var read = disk.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done)), start + done);
                if (read == 0)
                {
                    return false;
                }
                state = Crc32C.Append(state, buffer.AsSpan(0, read));
                done += read;
            }
            return ~state == crc;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
