using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MailCluster.Node.Cluster;

/// <summary>A question or an answer on the wire: one line of JSON.</summary>
internal static class BootstrapLine
{
    /// <summary>Octets at most: room for a thousand members.</summary>
    private const int Most = 256 << 10;

    /// <summary>Writes one.</summary>
    public static async Task WriteAsync<T>(Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message, type), (byte)'\n'];
        await stream.WriteAsync(line, cancellation);
        await stream.FlushAsync(cancellation);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="JsonException">It is none, or too long.</exception>
    /// <exception cref="EndOfStreamException">The other side closed before the end of the line.</exception>
    public static async Task<T> ReadAsync<T>(Stream stream, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var buffer = new byte[1024];
        for (var length = 0; ;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0) throw new EndOfStreamException();
            length += read;
            if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is >= 0 and var end) return JsonSerializer.Deserialize(buffer.AsSpan(0, end), type) ?? throw new JsonException("null");
            if (length == Most) throw new JsonException("too long");
            if (length == buffer.Length) Array.Resize(ref buffer, Math.Min(Most, length * 2));
        }
    }
}
