using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MimeKit.Utils;

namespace MailCluster.Node.Sink;

/// <summary>Keeps what is to be told of one message while its content passes: hash, Subject and, where asked for, the content in a file.</summary>
internal sealed class SinkCapture : IDisposable
{
    private const int HeaderLimit = 16 << 10;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _header = new(1024);
    private readonly string? _store;
    private readonly string? _part;
    private readonly FileStream? _file;
    private bool _done;

    /// <param name="store">The folder to keep the message in, which exists; null: none.</param>
    public SinkCapture(string? store)
    {
        _store = store;
        if (store is not null)
        {
            _part = Path.Combine(store, $"{Guid.NewGuid():n}.part");
            _file = new(_part, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 64 << 10);
        }
    }

    public void Append(ReadOnlySpan<byte> content)
    {
        _hash.AppendData(content);
        _file?.Write(content);
        if (_header.WrittenCount < HeaderLimit)
        {
            _header.Write(content[..Math.Min(content.Length, HeaderLimit - _header.WrittenCount)]);
        }
    }

    /// <summary>Ends the message. Its file has its final name when this returns: <c>00000001.eml</c>, the content exactly, with the envelope in <c>00000001.json</c>.</summary>
    public SinkMessage Finish(SinkMessage message)
    {
        message = message with { Subject = Subject(_header.WrittenSpan), Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()) };
        if (_store is not null)
        {
            _file!.Dispose();
            var name = Path.Combine(_store, message.Number.ToString("d8", CultureInfo.InvariantCulture));
            File.WriteAllText(name + ".json", JsonSerializer.Serialize(message, Json) + "\n");
            File.Move(_part!, name + ".eml");
        }
        _done = true;
        return message;
    }

    /// <summary>Forgets a message that did not come to its end.</summary>
    public void Dispose()
    {
        _hash.Dispose();
        _file?.Dispose();
        if (!_done && _part is not null)
        {
            File.Delete(_part);
        }
    }

    private static string Subject(ReadOnlySpan<byte> header)
    {
        var end = header.IndexOf("\r\n\r\n"u8);
        header = end < 0 ? header : header[..(end + 2)];
        while (!header.IsEmpty)
        {
            var line = header.IndexOf("\r\n"u8) is var newline and >= 0 ? header[..newline] : header;
            if (line.Length >= 8 && Ascii.EqualsIgnoreCase(line[..8], "Subject:"u8))
            {
                var length = line.Length;
                while (length + 2 < header.Length && header[length + 2] is (byte)' ' or (byte)'\t' && header[(length + 2)..].IndexOf("\r\n"u8) is var more)
                {
                    length = more < 0 ? header.Length : length + 2 + more;
                }
                return Rfc2047.DecodeText(header[8..length].ToArray()).ReplaceLineEndings("").Trim();
            }
            header = header[Math.Min(header.Length, line.Length + 2)..];
        }
        return "";
    }
}
