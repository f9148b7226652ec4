using System.Buffers;

namespace MailCluster.Microbenchmarks;

/// <summary>Memory to write into, over and over, without growing.</summary>
internal sealed class Scratch(int size) : IBufferWriter<byte>
{
    private readonly byte[] _memory = new byte[size];

    public int Written { get; private set; }

    public ReadOnlySpan<byte> WrittenSpan => _memory.AsSpan(0, Written);

    public void Clear() => Written = 0;

    public void Advance(int count) => Written += count;

    public Memory<byte> GetMemory(int sizeHint = 0) => _memory.AsMemory(Written);

    public Span<byte> GetSpan(int sizeHint = 0) => _memory.AsSpan(Written);
}
