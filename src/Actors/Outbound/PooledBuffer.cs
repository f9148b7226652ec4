using System.Buffers;

namespace MailCluster.Actors.Outbound;

/// <summary>A growing buffer whose memory is rented, and given back when it is emptied for good.</summary>
internal sealed class PooledBuffer(int capacity) : IBufferWriter<byte>, IDisposable
{
    private byte[] _octets = [];

    /// <summary>Octets written.</summary>
    public int Count { get; private set; }

    /// <summary>What is written.</summary>
    public ReadOnlyMemory<byte> Written => _octets.AsMemory(0, Count);

    /// <summary>Empties it and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <inheritdoc/>
    public void Advance(int count) => Count += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = Count + Math.Max(sizeHint, 1);
        if (needed > _octets.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(needed, _octets.Length * 2), capacity));
            _octets.AsSpan(0, Count).CopyTo(larger);
            Return();
            _octets = larger;
        }
        return _octets.AsMemory(Count);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Empties it and gives the memory back; it may be used again.</summary>
    public void Dispose()
    {
        Return();
        _octets = [];
        Count = 0;
    }

    private void Return()
    {
        if (_octets.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_octets);
        }
    }
}
