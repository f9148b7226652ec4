using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailCluster.Protocol.Replies;

/// <summary>Puts replies on the wire (RFC 5321 section 4.2, RFC 2034 section 4).</summary>
public static class ReplyWriter
{
    /// <summary>Writes a reply.</summary>
    public static void Write(IBufferWriter<byte> output, Reply reply) => output.Write(reply.Octets);

    /// <summary>Writes a reply of one line with a text at its end, without making another reply of it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="text">ASCII, without CRLF.</param>
    public static void Write(IBufferWriter<byte> output, Reply reply, string text)
    {
        var line = reply.Octets[..^2];
        var length = line.Length + text.Length + 2;
        var span = output.GetSpan(length);
        line.CopyTo(span);
        Encoding.ASCII.GetBytes(text, span[line.Length..]);
        "\r\n"u8.CopyTo(span[(length - 2)..]);
        output.Advance(length);
    }

    /// <summary>A reply's octets: the code on every line, the enhanced code too, a hyphen on all but the last.</summary>
    internal static byte[] Encode(Reply reply)
    {
        var text = new StringBuilder();
        for (var i = 0; i < reply.Lines.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{reply.Code}{(i == reply.Lines.Length - 1 ? ' ' : '-')}");
            if (reply.Status.IsPresent)
            {
                text.Append(CultureInfo.InvariantCulture, $"{reply.Status} ");
            }
            foreach (var c in reply.Lines[i])
            {
                // Text may quote a client; it must not end the line or ring a bell.
                text.Append(char.IsControl(c) ? '?' : c);
            }
            text.Append("\r\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
