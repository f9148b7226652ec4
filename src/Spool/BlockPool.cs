namespace MailCluster.Spool;

/// <summary>
/// The ceiling over all content in memory. Blocks are made as they are first needed, and never given back. Whoever waits for one holds none, and whoever
/// holds one can go on without another (its content goes to a file), so waiting always ends.
/// </summary>
internal sealed class BlockPool(long octets, Func<bool> dropOldestCopy)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<Block>> _waiting = new();
    private readonly int _limit = (int)Math.Max(2, octets / Block.Size);
    private Block? _free;
    private int _made;
    private int _freeCount;

    /// <summary>Blocks to be had without dropping anything.</summary>
    public int Available => _limit - _made + _freeCount;

    /// <summary>Blocks in all.</summary>
    public int Limit => _limit;

    /// <summary>Takes a block, dropping copies kept for the first delivery if it must; null where all are in use.</summary>
    public Block? TryRent()
    {
        do
        {
            lock (_lock)
            {
                if (TakeFree() is { } block)
                {
                    return block;
                }
            }
        }
        while (dropOldestCopy());
        return null;
    }

    /// <summary>Takes a block, or waits for one in turn.</summary>
    public ValueTask<Block> RentAsync(CancellationToken cancellation)
    {
        if (TryRent() is { } block)
        {
            return new(block);
        }
        LinkedListNode<TaskCompletionSource<Block>> node;
        lock (_lock)
        {
            // One may have come back since.
            if (TakeFree() is { } late)
            {
                return new(late);
            }
            node = _waiting.AddLast(new TaskCompletionSource<Block>(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        // A copy that may be dropped can have come since, too. Its blocks go to who waits longest.
        while (!node.Value.Task.IsCompleted && dropOldestCopy())
        {
        }
        return new(WaitAsync(node, cancellation));
    }

    /// <summary>True while somebody waits: then no copy is to be kept for a first delivery.</summary>
    public bool IsShort
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>Gives a chain of blocks back.</summary>
    public void Return(Block first)
    {
        Block? block = first;
        while (block is not null)
        {
            var following = block.Following;
            block.Following = null;
            block.Used = 0;
            lock (_lock)
            {
                var taken = false;
                while (!taken && _waiting.First is { } node)
                {
                    _waiting.RemoveFirst();
                    taken = node.Value.TrySetResult(block);
                }
                if (!taken)
                {
                    block.Following = _free;
                    _free = block;
                    _freeCount++;
                }
            }
            block = following;
        }
    }

    private static async Task<Block> WaitAsync(LinkedListNode<TaskCompletionSource<Block>> node, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<Block>)state!).TrySetCanceled(token), node.Value);
        return await node.Value.Task.ConfigureAwait(false);
    }

    private Block? TakeFree()
    {
        if (_free is { } block)
        {
            _free = block.Following;
            block.Following = null;
            _freeCount--;
            return block;
        }
        if (_made < _limit)
        {
            _made++;
            return new Block();
        }
        return null;
    }
}
