namespace MailCluster.Spool;

/// <summary>Where the entries of a carried message stand, behind its envelope, one after the other in the order of the destinations.</summary>
internal static class SnapshotStates
{
    private const byte Ended = 0;
    private const byte Known = 1;

    /// <summary>An entry that has ended.</summary>
    public static void WriteEnded(ByteWriter target) => target.Byte(Ended);

    /// <summary>An entry with all its recipients.</summary>
    public static void Write(ByteWriter target, in StateRecord state, ReadOnlySpan<RecipientOutcome> recipients)
    {
        target.Byte(Known);
        (state with { Flags = (state.Flags & StateFlags.DelayReported) | StateFlags.Full, Depth = 0, BaseSegment = 0, BaseOffset = 0 }).Write(target, recipients);
    }

    /// <summary>Reads the numbers of the next entry and passes over its recipients; null where it has ended.</summary>
    public static StateRecord? Next(ref ByteReader source)
    {
        if (source.Byte() == Ended)
        {
            return null;
        }
        var state = StateRecord.Read(ref source);
        StateRecord.Skip(ref source);
        return state;
    }

    /// <summary>Where each of so many entries begins, so that one of 50,000 is found without passing over the others each time.</summary>
    public static int[] Starts(ReadOnlySpan<byte> states, int entries)
    {
        var starts = new int[entries];
        var source = new ByteReader(states);
        for (var i = 0; i < entries; i++)
        {
            starts[i] = source.Position;
            Next(ref source);
        }
        return starts;
    }

    /// <summary>Reads how the recipients of the next entry stand; null where it has ended. False where they cannot be read.</summary>
    public static bool TryRead(ref ByteReader source, Span<RecipientOutcome> recipients, out StateRecord? state)
    {
        state = null;
        if (source.Byte() == Ended)
        {
            return !source.Failed;
        }
        var known = StateRecord.Read(ref source);
        state = known;
        return known.ReadChanges(ref source, recipients);
    }

    /// <summary>Reads how the recipients of one entry stand; null where it has ended.</summary>
    /// <exception cref="InvalidDataException">They cannot be read.</exception>
    public static StateRecord? Read(ReadOnlySpan<byte> state, Span<RecipientOutcome> recipients)
    {
        var source = new ByteReader(state);
        if (source.Byte() == Ended)
        {
            return null;
        }
        var known = StateRecord.Read(ref source);
        return known.ReadChanges(ref source, recipients) ? known : throw new InvalidDataException("A carried state cannot be read.");
    }
}
