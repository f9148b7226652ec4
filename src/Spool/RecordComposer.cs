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
}
