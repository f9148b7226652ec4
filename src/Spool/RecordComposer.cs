using System.Collections.Immutable;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>Writes records into memory; what only the committer knows (segment, sequence) is filled in by it.</summary>
internal static class RecordComposer
{
    /// <summary>A message's record without its content: room for the header, then prefix and envelope.</summary>
    public static ByteWriter Message(ByteWriter target, Envelope envelope, ContentTraits traits, long contentLength, uint contentCrc)
    {
        target.Reset();
        target.Reserve(RecordHeader.Size + MessagePrefix.Size);
        EnvelopeCodec.Write(target, envelope);
        new MessagePrefix(contentLength, envelope.Arrived.UtcTicks, contentCrc, (uint)(target.Length - RecordHeader.Size - MessagePrefix.Size), traits)
            .Write(target.Span[RecordHeader.Size..]);
        return target;
    }

    /// <summary>The same for a message that is received by handover: with where its entries stand and from whom it is. An entry that has ended is null.</summary>
    public static ByteWriter Received(
        ByteWriter target, Envelope envelope, ContentTraits traits, long contentLength, uint contentCrc, HandoverId handover, StateRecord?[] states, ImmutableArray<EntryStanding> entries)
    {
        target.Reset();
        target.Reserve(RecordHeader.Size + MessagePrefix.Size);
        EnvelopeCodec.Write(target, envelope);
        new MessagePrefix(
            contentLength, envelope.Arrived.UtcTicks, contentCrc, (uint)(target.Length - RecordHeader.Size - MessagePrefix.Size), traits, (ushort)handover.Number)
            .Write(target.Span[RecordHeader.Size..]);
        for (var i = 0; i < states.Length; i++)
        {
            if (states[i] is { } state)
            {
                SnapshotStates.Write(target, state, entries[i].Recipients.AsSpan());
            }
            else
            {
                SnapshotStates.WriteEnded(target);
            }
        }
        new HandoverTrailer(handover.Donor, null).Write(target);
        return target;
    }
}
