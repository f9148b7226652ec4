using System.Buffers;

namespace MailCluster.Spool;

/// <summary>A block of the content pool, and one link of the chain that a message's content is in.</summary>
internal sealed class Block : ReadOnlySequenceSegment<byte>
{
    /// <summary>Octets of a block: room for the usual message of 10 KiB in one piece.</summary>
    public const int Size = 16 << 10;

    /// <summary>The octets, on the pinned heap: they never move.</summary>
    public byte[] Array { get; } = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    /// <summary>Octets written.</summary>
    public int Used { get; set; }

    /// <summary>The next block of the message, or of the pool's free ones.</summary>
    public Block? Following
    {
        get => (Block?)Next;
        set => Next = value;
    }

    /// <summary>Makes the chain from here on readable as one sequence.</summary>
    public Block Link()
    {
        var block = this;
        for (long index = 0; ; block = block.Following)
        {
            block.RunningIndex = index;
            block.Memory = block.Array.AsMemory(0, block.Used);
            index += block.Used;
            if (block.Following is null)
            {
                return block;
            }
        }
    }
}
