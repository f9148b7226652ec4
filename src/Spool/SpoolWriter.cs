using System.Buffers;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>
/// One message on its way into the spool. Content is written into blocks of the pool, once, by whoever asks for memory here; past
/// <see cref="SpoolOptions.LargeContent"/>, or where the pool is short, it goes on to a file of its own. Disposed without a commit it leaves nothing.
/// </summary>
public abstract class SpoolWriter : IBufferWriter<byte>, IDisposable
{
    /// <summary>The message's name from now on.</summary>
    public abstract QueueId Id { get; }

    /// <summary>Octets written.</summary>
    public abstract long Length { get; }

    /// <inheritdoc/>
    public abstract Memory<byte> GetMemory(int sizeHint = 0);

    /// <inheritdoc/>
    public abstract Span<byte> GetSpan(int sizeHint = 0);

    /// <inheritdoc/>
    public abstract void Advance(int count);

    /// <summary>Lets full blocks go to the file where the content is large. Call between reads; completes at once where there is nothing to do. A failed write shows at the commit.</summary>
    public abstract ValueTask DrainAsync(CancellationToken cancellation);

    /// <summary>
    /// The commit point: when this returns, envelope and content are on stable storage and the queue has the message. Its return alone permits 250.
    /// </summary>
    /// <exception cref="IOException">Nothing of the message is kept: answer 451.</exception>
    public abstract ValueTask CommitAsync(Envelope envelope, ContentTraits traits);

    /// <inheritdoc/>
    public abstract void Dispose();
}
