using System.Text;
using System.Text.RegularExpressions;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

/// <summary>What content is, said by searching whole texts: slow, simple, and written without a look at the receiver.</summary>
internal static partial class ReferenceReceiver
{
    /// <summary>A whole transfer's outcome.</summary>
    /// <param name="Consumed">Octets of the transfer; -1 where it has no end.</param>
    /// <param name="Clean">Whether the content holds neither a bare newline nor NUL.</param>
    /// <param name="Normal">The content, dots undone, bare newlines made CRLF.</param>
    public sealed record Outcome(int Consumed, bool Clean, byte[] Normal);

    public static Outcome Data(ReadOnlySpan<byte> wire)
    {
        var text = "\r\n" + Encoding.Latin1.GetString(wire);
        var end = text.IndexOf("\r\n.\r\n", StringComparison.Ordinal);
        var raw = end < 0 ? text[2..] : end == 0 ? "" : text[2..(end + 2)];
        var lines = raw.Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line);
        return new Outcome(end < 0 ? -1 : end + 3, IsClean(raw), Normal(string.Join("\r\n", lines)));
    }

    public static Outcome Chunks(ReadOnlySpan<byte> content)
    {
        var text = Encoding.Latin1.GetString(content);
        return new Outcome(content.Length, IsClean(text), Normal(text));
    }

    public static ContentTraits Traits(byte[] content)
    {
        var text = Encoding.Latin1.GetString(content);
        var traits = content.Length == 0 || text.EndsWith("\r\n", StringComparison.Ordinal) ? ContentTraits.None : ContentTraits.LacksFinalCrlf;
        return traits | (("\r\n" + text).Contains("\r\n.", StringComparison.Ordinal) ? ContentTraits.HasLeadingDot : ContentTraits.None);
    }

    private static bool IsClean(string text) => !Bare().IsMatch(text) && !text.Contains('\0', StringComparison.Ordinal);

    private static byte[] Normal(string text) => Encoding.Latin1.GetBytes(AnyNewline().Replace(text, "\r\n"));

    [GeneratedRegex("\r(?!\n)|(?<!\r)\n")]
    private static partial Regex Bare();

    [GeneratedRegex("\r\n|\r|\n")]
    private static partial Regex AnyNewline();
}
