using System.Buffers;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Takes content off the wire in one pass: finds the end of data (CRLF.CRLF and nothing else), undoes dot-stuffing, checks newlines, NUL, line
/// length, size and hops, notes the traits, and copies each octet once into the output. After a fault it goes on reading and writes nothing more.
/// State survives any split of the input. One instance serves one transaction, through DATA or through any number of BDAT chunks.
/// </summary>
public sealed class ContentReceiver(ContentLimits limits)
{
    /// <summary>The limits it was made with.</summary>
    public ContentLimits Limits { get; } = limits;

    /// <summary>The first fault met.</summary>
    public ContentFault Fault { get; }

    /// <summary>What the content is like; final once the end is reached.</summary>
    public ContentTraits Traits { get; }

    /// <summary>Octets of content so far, dot-stuffing undone, counted through faults too.</summary>
    public long Length { get; }

    /// <summary>Takes octets that follow DATA, up to the end of data.</summary>
    public ContentProgress ReceiveData(ReadOnlySpan<byte> input, IBufferWriter<byte> output, out int consumed) => throw new NotSupportedException();

    /// <summary>Takes octets of a BDAT chunk; the caller counts them. <paramref name="input"/> is consumed whole.</summary>
    public void ReceiveChunk(ReadOnlySpan<byte> input, IBufferWriter<byte> output) => throw new NotSupportedException();

    /// <summary>Ends the content after the last BDAT chunk: a CR in the air is a bare one, a missing final CRLF a trait.</summary>
    public void EndChunks(IBufferWriter<byte> output) => throw new NotSupportedException();
}
