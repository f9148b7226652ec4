namespace MailCluster.Spool;

/// <summary>An array that grows by chunks: nothing is ever copied or moved, so a million slots cost no doubling and references into it stay good.</summary>
internal sealed class ChunkedArray<T>
    where T : struct
{
    private const int Shift = 12;
    private const int ChunkLength = 1 << Shift;

    private T[][] _chunks = new T[64][];
    private int _chunkCount;

    /// <summary>Slots there are.</summary>
    public int Length => _chunkCount << Shift;

    /// <summary>A slot.</summary>
    public ref T this[int index] => ref _chunks[index >> Shift][index & (ChunkLength - 1)];

    /// <summary>Makes sure that the slot is there.</summary>
    public void Ensure(int index)
    {
        while (index >= Length)
        {
            if (_chunkCount == _chunks.Length)
            {
                Array.Resize(ref _chunks, 2 * _chunkCount);
            }
            _chunks[_chunkCount] = new T[ChunkLength];
            _chunkCount++;
        }
    }
}
