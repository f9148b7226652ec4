using System.Buffers;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool;

/// <summary>A message's content, open for reading until disposed; it does not move or vanish before that.</summary>
public abstract class SpooledContent : IDisposable
{
    /// <summary>Octets.</summary>
    public abstract long Length { get; }

    /// <summary>What it is like.</summary>
    public abstract ContentTraits Traits { get; }

    /// <summary>The whole content where it still stands in memory: to be sent without a copy.</summary>
    public abstract bool TryGetMemory(out ReadOnlySequence<byte> content);

    /// <summary>Reads at a place; returns 0 only at the end. Its checksum has been verified before the first octet is returned.</summary>
    /// <exception cref="InvalidDataException">The content is damaged: the message has been set aside as corrupt and must not be sent.</exception>
    public abstract ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);

    /// <inheritdoc/>
    public abstract void Dispose();
}
