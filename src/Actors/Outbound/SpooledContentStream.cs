using System.Buffers;
using MailCluster.Spool;

namespace MailCluster.Actors.Outbound;

/// <summary>Spooled content as a stream for the MIME parser. Reads block, so it belongs on a thread of its own; conversions are rare.</summary>
internal sealed class SpooledContentStream(SpooledContent content) : Stream
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private long _bufferStart;
    private int _buffered;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => content.Length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || Position >= Length)
        {
            return 0;
        }
        if (content.TryGetMemory(out var memory))
        {
            var part = memory.Slice(Position, Math.Min(buffer.Length, memory.Length - Position));
            part.CopyTo(buffer);
            Position += part.Length;
            return (int)part.Length;
        }
        if (Position < _bufferStart || Position >= _bufferStart + _buffered)
        {
            var reading = content.ReadAsync(Position, _buffer, default);
            _buffered = reading.IsCompleted ? reading.Result : reading.AsTask().GetAwaiter().GetResult();
            _bufferStart = Position;
        }
        var at = (int)(Position - _bufferStart);
        var count = Math.Min(buffer.Length, _buffered - at);
        _buffer.AsSpan(at, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
