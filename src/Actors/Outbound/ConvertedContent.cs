using MailCluster.Protocol.Content;
using MailCluster.Spool;

namespace MailCluster.Actors.Outbound;

/// <summary>A message's content made 7-bit, for as long as its job runs: in memory where it is small, else in a file that vanishes when it is closed.</summary>
internal sealed class ConvertedContent : IDisposable
{
    private const long InMemory = 256 << 10;

    private readonly Stream _stream;

    private ConvertedContent(Stream stream) => _stream = stream;

    /// <summary>Octets.</summary>
    public long Length => _stream.Length;

    /// <summary>Converts, on a thread of the pool.</summary>
    /// <param name="content">The message's.</param>
    /// <param name="temporary">The folder for large ones. Not the system's: a container may have none that can be written, or one in memory.</param>
    /// <returns>The content, or the reason why there is none.</returns>
    /// <exception cref="IOException">The spooled content cannot be read, or the file not written (or <see cref="InvalidDataException"/>).</exception>
    public static Task<(ConvertedContent? Content, string? Reason)> ConvertAsync(SpooledContent content, string temporary) => Task.Run<(ConvertedContent?, string?)>(() =>
    {
        Stream output = content.Length <= InMemory
            ? new MemoryStream()
            : new FileStream(Path.Combine(Directory.CreateDirectory(temporary).FullName, Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 << 10, FileOptions.DeleteOnClose);
        try
        {
            using var input = new SpooledContentStream(content);
            if (Downgrade.Convert(input, output) is { } reason)
            {
                output.Dispose();
                return (null, reason);
            }
            return (new ConvertedContent(output), null);
        }
        catch
        {
            output.Dispose();
            throw;
        }
    });

    /// <summary>Reads at a place.</summary>
    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        _stream.Position = offset;
        return _stream.ReadAsync(buffer, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
