using System.Buffers;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Writes stored content as DATA sends it (RFC 5321 section 4.5.2): a line that begins with a dot gets a second one, and <see cref="End"/> closes with
/// CRLF.CRLF. Remembers across calls where it stands in the line, so content may come in pieces cut anywhere. A fresh value begins a message.
/// </summary>
/// <remarks>Content without <see cref="ContentTraits.HasLeadingDot"/> need not pass through here: it is sent as it is, followed by <see cref="EndOfData"/>.</remarks>
public struct DotStuffer
{
    private bool _insideLine;
    private bool _afterCarriageReturn;

    /// <summary>What follows content that is sent as it is stored: a dot on a line of its own, after the CRLF that the content may lack.</summary>
    public static ReadOnlySpan<byte> EndOfData(ContentTraits traits) => (traits & ContentTraits.LacksFinalCrlf) != 0 ? "\r\n.\r\n"u8 : ".\r\n"u8;

    /// <summary>Writes the next piece of content.</summary>
    public void Write(ReadOnlySpan<byte> content, IBufferWriter<byte> output)
    {
        if (content.IsEmpty)
        {
            return;
        }

        if (!_insideLine && content[0] == '.')
        {
            output.Write("."u8);
        }

        // Any LF begins a line here. Stored content has none without CR; were there one, a superfluous dot is harmless and a missing one is not.
        _insideLine = content[^1] != '\n';
        _afterCarriageReturn = content[^1] == '\r';
        for (int dot; (dot = content.IndexOf("\n."u8)) >= 0; content = content[(dot + 1)..])
        {
            output.Write(content[..(dot + 1)]);
            output.Write("."u8);
        }

        output.Write(content);
    }

    /// <summary>Writes the end of data, with the CRLF that the content may lack. The value is then ready for the next message.</summary>
    public void End(IBufferWriter<byte> output)
    {
        output.Write(!_insideLine ? ".\r\n"u8 : _afterCarriageReturn ? "\n.\r\n"u8 : "\r\n.\r\n"u8);
        this = default;
    }
}
