using System.Buffers;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>
/// A message's content in blocks of the pool: of the writer first, then of the index for the first delivery, and of each delivery that reads it. The
/// blocks go back with the last of them.
/// </summary>
internal sealed class PooledContent(BlockPool pool, Block first)
{
    private int _references = 1;

    /// <summary>The first block.</summary>
    public Block First { get; } = first;

    /// <summary>The last block, which is being written.</summary>
    public Block Last { get; private set; } = first;

    /// <summary>Octets in the blocks.</summary>
    public long Length { get; set; }

    /// <summary>Blocks in the chain.</summary>
    public int Blocks { get; private set; } = 1;

    /// <summary>What the content is like.</summary>
    public ContentTraits Traits { get; set; }

    /// <summary>The envelope, once committed.</summary>
    public Envelope? Envelope { get; set; }

    /// <summary>The message's slot, while the index keeps this.</summary>
    public int Message { get; set; } = -1;

    /// <summary>Entries that have not had their first delivery.</summary>
    public int Waiting { get; set; }

    /// <summary>The neighbours in the order of age, while the index keeps this.</summary>
    public PooledContent? Older { get; set; }

    /// <inheritdoc cref="Older"/>
    public PooledContent? Newer { get; set; }

    /// <summary>Appends a block.</summary>
    public void Append(Block block)
    {
        Last.Following = block;
        Last = block;
        Blocks++;
    }

    /// <summary>Keeps the first block, empty, and gives the others back: what they held has gone elsewhere.</summary>
    public void Empty()
    {
        if (First.Following is { } rest)
        {
            First.Following = null;
            pool.Return(rest);
        }
        First.Used = 0;
        Last = First;
        Blocks = 1;
        Length = 0;
    }

    /// <summary>All of it as one sequence.</summary>
    public ReadOnlySequence<byte> Sequence()
    {
        if (First.Following is null)
        {
            return new(First.Array, 0, First.Used);
        }
        return new(First, 0, Last, Last.Used);
    }

    /// <summary>Holds it once more.</summary>
    public void Hold() => Interlocked.Increment(ref _references);

    /// <summary>Holds it once less.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            pool.Return(First);
        }
    }
}
