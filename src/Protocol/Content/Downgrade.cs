using MimeKit;
using MimeKit.Cryptography;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Turns 8-bit content into 7-bit content for a host without 8BITMIME (RFC 6152 section 3): 8-bit parts become quoted-printable or base64, whichever is shorter, all else stays.
/// Parts are read from the stream when they are written, so the message never stands whole in memory.
/// </summary>
/// <remarks>
/// What is signed or encrypted as a whole (multipart/signed, multipart/encrypted), and what must not be encoded (message/partial, message/external-body: RFC 2046 section 5.2), is not
/// converted. A DKIM signature over the body will not hold afterwards: RFC 6376 section 5.3 leaves signing 7-bit content to the signer.
/// </remarks>
public static class Downgrade
{
    /// <summary>Converts.</summary>
    /// <param name="content">The content; read, and sought in, more than once.</param>
    /// <param name="output">Gets the 7-bit content, lines ended by CRLF.</param>
    /// <returns>Null where that was done; else why it cannot be, and what <paramref name="output"/> got is worthless.</returns>
    public static string? Convert(Stream content, Stream output)
    {
        try
        {
            using var message = new MimeParser(content, MimeFormat.Entity, persistent: true).ParseMessage();
            if (message.Body is not { } body)
            {
                return "it has no body that could be understood";
            }
            if (ReasonAgainst(body, depth: 0) is { } reason)
            {
                return reason;
            }
            if (!message.Headers.Contains(HeaderId.MimeVersion))
            {
                // RFC 1428 section 3: 8-bit text without a word on what it is.
                message.Headers.Add(HeaderId.MimeVersion, "1.0");
                if (!body.Headers.Contains(HeaderId.ContentType) && body is TextPart)
                {
                    body.Headers.Add(HeaderId.ContentType, "text/plain; charset=unknown-8bit");
                }
            }
            Prepare(body, depth: 0);
            var check = new SevenBitStream(output);
            var format = FormatOptions.Default.Clone();
            format.NewLineFormat = NewLineFormat.Dos;
            format.EnsureNewLine = true;
            message.WriteTo(format, check);
            check.Flush();
            return check.SawEightBit ? "8-bit octets stand where nothing can be encoded" : null;
        }
        catch (FormatException)
        {
            return "its structure cannot be understood";
        }
    }

    private static string? ReasonAgainst(MimeEntity entity, int depth) => depth > MaxDepth ? "its parts are nested too deeply" : entity switch
    {
        MultipartSigned or MultipartEncrypted => $"{entity.ContentType.MimeType} content must not be changed",
        MessagePart { Message.Body: { } body } => ReasonAgainst(body, depth + 1),
        Multipart multipart => multipart.Select(part => ReasonAgainst(part, depth + 1)).FirstOrDefault(reason => reason is not null),
        MimePart part when part.ContentType.IsMimeType("message", "*") && NeedsEncoding(part) => $"{part.ContentType.MimeType} must not be encoded",
        _ => null,
    };

    private static void Prepare(MimeEntity entity, int depth)
    {
        switch (entity)
        {
            case MessagePart { Message.Body: { } body } embedded:
                Prepare(body, depth + 1);
                // RFC 2046 section 5.2.1: message/rfc822 carries no encoding but an identity; what it holds is 7-bit now.
                if (embedded.Headers.Contains(HeaderId.ContentTransferEncoding))
                {
                    embedded.Headers[HeaderId.ContentTransferEncoding] = "7bit";
                }
                break;
            case Multipart multipart:
                foreach (var part in multipart)
                {
                    Prepare(part, depth + 1);
                }
                if (multipart.Headers.Contains(HeaderId.ContentTransferEncoding))
                {
                    multipart.Headers[HeaderId.ContentTransferEncoding] = "7bit";
                }
                break;
            case MimePart part when NeedsEncoding(part):
                part.ContentTransferEncoding = part.GetBestEncoding(EncodingConstraint.SevenBit) is var best && best == ContentEncoding.SevenBit ? ContentEncoding.QuotedPrintable : best;
                break;
        }
    }

    private static bool NeedsEncoding(MimePart part) =>
        part.ContentTransferEncoding is not (ContentEncoding.Base64 or ContentEncoding.QuotedPrintable or ContentEncoding.UUEncode)
        && part.Content?.Stream is { } content && HasEightBit(content);

    private static bool HasEightBit(Stream stream)
    {
        Span<byte> buffer = stackalloc byte[4096];
        stream.Position = 0;
        var found = false;
        for (int read; !found && (read = stream.Read(buffer)) > 0;)
        {
            found = buffer[..read].IndexOfAnyInRange((byte)0x80, (byte)0xff) >= 0;
        }
        stream.Position = 0;
        return found;
    }

    /// <summary>Deeper nesting is an attack on the parser's stack, not mail.</summary>
    private const int MaxDepth = 64;
}
