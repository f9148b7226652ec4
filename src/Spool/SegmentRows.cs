using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>
/// What a recovery must know of each record of a segment, in the order of the records: gathered while the segment is written or scanned, kept in its
/// sidecar, so that a start reads some 40 octets a message instead of the segment.
/// </summary>
internal sealed class SegmentRows
{
    private readonly Dictionary<DomainName, int> _numbers = [];

    /// <summary>The rows.</summary>
    public ByteWriter Bytes { get; } = new(4096);

    /// <summary>The domains that rows name by number.</summary>
    public List<DomainName> Domains { get; } = [];

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <summary>The highest sequence in it.</summary>
    public ulong LastSequence { get; private set; }

    /// <summary>Begins a row: what all records have.</summary>
    public void Begin(in RecordHeader header, long offset)
    {
        Count++;
        LastSequence = header.Sequence;
        Bytes.Byte((byte)header.Type);
        Bytes.Byte((byte)header.Flags);
        Bytes.Number((ulong)offset);
        Bytes.Number((ulong)header.TotalLength);
        Bytes.Number(header.Sequence);
        Bytes.Fixed64(header.Id.Spool);
        Bytes.Number(header.Id.Number);
    }

    /// <summary>Goes on with what a message has: its destinations follow, one <see cref="Destination"/> each, and for a snapshot a state each.</summary>
    public void Message(long arrived, long contentLength, int destinations)
    {
        Bytes.Fixed64((ulong)arrived);
        Bytes.Number((ulong)contentLength);
        Bytes.Number(destinations);
    }

    /// <summary>A destination of a message.</summary>
    public void Destination(DomainName domain, int recipients)
    {
        ref var number = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_numbers, domain, out var exists);
        if (!exists)
        {
            number = Domains.Count;
            Domains.Add(domain);
        }
        Bytes.Number(number);
        Bytes.Number(recipients);
    }

    /// <summary>Goes on with what an outcome has.</summary>
    public void Outcome(uint argument, ulong report)
    {
        Bytes.Number((ulong)argument);
        Bytes.Number(report);
    }

    /// <summary>Goes on with what a mark has, or its end.</summary>
    public void Mark(uint number, string? receiver)
    {
        Bytes.Number((ulong)number);
        Bytes.String(receiver);
    }

    /// <summary>Ends the row of a snapshot that is flagged as of a handover.</summary>
    public void Handover(int number, in HandoverTrailer trailer)
    {
        Bytes.Number(number);
        trailer.Write(Bytes);
    }

    /// <summary>The numbers of a state: after an outcome's argument, or of a snapshot's destination that has not ended.</summary>
    public void State(in StateRecord state)
    {
        Bytes.Byte((byte)(state.Flags & StateFlags.DelayReported));
        Bytes.Number(state.Attempts);
        Bytes.Fixed64((ulong)state.NextAttempt.UtcTicks);
        Bytes.Number(state.Open);
        Bytes.Number(state.Owed);
        Bytes.Byte(state.Depth);
    }

    /// <summary>Whether a snapshot's destination has ended.</summary>
    public void Ended(bool ended) => Bytes.Byte(ended ? (byte)1 : (byte)0);
}
