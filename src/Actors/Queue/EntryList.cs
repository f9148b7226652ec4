namespace MailCluster.Actors.Queue;

/// <summary>A doubly linked list of entries by number; the links are in the entries.</summary>
internal struct EntryList()
{
    /// <summary>No entry.</summary>
    public const int None = -1;

    /// <summary>The first, or <see cref="None"/>.</summary>
    public int First { get; private set; } = None;

    /// <summary>The last, or <see cref="None"/>.</summary>
    public int Last { get; private set; } = None;

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    public void Append(ChunkedArray<QueuedEntry> entries, int number)
    {
        ref var entry = ref entries[number];
        entry.Previous = Last;
        entry.Next = None;
        if (Last == None)
        {
            First = number;
        }
        else
        {
            entries[Last].Next = number;
        }
        Last = number;
        Count++;
    }

    public void Prepend(ChunkedArray<QueuedEntry> entries, int number)
    {
        ref var entry = ref entries[number];
        entry.Next = First;
        entry.Previous = None;
        if (First == None)
        {
            Last = number;
        }
        else
        {
            entries[First].Previous = number;
        }
        First = number;
        Count++;
    }

    public void Remove(ChunkedArray<QueuedEntry> entries, int number)
    {
        ref var entry = ref entries[number];
        if (entry.Previous == None)
        {
            First = entry.Next;
        }
        else
        {
            entries[entry.Previous].Next = entry.Next;
        }
        if (entry.Next == None)
        {
            Last = entry.Previous;
        }
        else
        {
            entries[entry.Next].Previous = entry.Previous;
        }
        Count--;
    }
}
