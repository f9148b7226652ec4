namespace MailCluster.Actors.Queue;

/// <summary>An array that grows by chunks of a fixed size: nothing is copied when it grows, no slack of half its size, no contiguous memory. It does not shrink.</summary>
internal sealed class ChunkedArray<T> where T : struct
{
    private const int Bits = 11;
    private const int Size = 1 << Bits;
    private readonly List<T[]> _chunks = [];

    /// <summary>Elements there is room for.</summary>
    public int Capacity => _chunks.Count << Bits;

    /// <summary>An element, to be read or changed in place.</summary>
    public ref T this[int index] => ref _chunks[index >> Bits][index & (Size - 1)];

    /// <summary>Makes room for the element with this number.</summary>
    public void Reach(int index)
    {
        while (index >= Capacity)
        {
            _chunks.Add(new T[Size]);
        }
    }
}
