using System.Buffers;
using System.Text;
using MimeKit.Utils;

namespace MailCluster.Protocol.Notifications;

/// <summary>What a report takes from the header of the message that it is about. That header may be anything.</summary>
internal static class OriginalHeader
{
    private static readonly SearchValues<char> NotInId = SearchValues.Create("<>,;:\\\"()");

    /// <summary>The header without the blank line; where it does not end in the octets given, up to its last whole line.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> beginning, bool isWhole)
    {
        if (beginning.StartsWith("\r\n"u8))
        {
            return [];
        }
        var end = beginning.IndexOf("\r\n\r\n"u8);
        return end >= 0 ? beginning[..(end + 2)] : isWhole ? beginning : beginning[..(beginning.LastIndexOf("\r\n"u8) is var last and >= 0 ? last + 2 : 0)];
    }

    /// <summary>Its Subject, decoded, for people; empty where there is none.</summary>
    public static string Subject(ReadOnlySpan<byte> header) =>
        Field(header, "Subject:"u8) is { IsEmpty: false } subject
            ? PlainLine.ForPeople(Rfc2047.DecodeText(subject[..Math.Min(subject.Length, 1000)].ToArray()).ReplaceLineEndings(""), 120).Trim()
            : "";

    /// <summary>Its Message-ID with brackets, where it is one that another field may repeat; else empty.</summary>
    public static string MessageId(ReadOnlySpan<byte> header)
    {
        var id = Encoding.Latin1.GetString(Field(header, "Message-ID:"u8).Trim(" \t\r\n"u8));
        return id.Length is > 4 and <= 250 && id[0] == '<' && id[^1] == '>' && id.AsSpan(1, id.Length - 2).IndexOfAnyExceptInRange('!', '~') < 0 && id.AsSpan(1, id.Length - 2).IndexOfAny(NotInId) < 0
            ? id
            : "";
    }

    /// <summary>The body of the first field of that name, its folds in it.</summary>
    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> header, ReadOnlySpan<byte> name)
    {
        while (!header.IsEmpty)
        {
            var end = header.IndexOf("\r\n"u8) is var newline and >= 0 ? newline : header.Length;
            if (end >= name.Length && Ascii.EqualsIgnoreCase(header[..name.Length], name))
            {
                while (end + 2 < header.Length && header[end + 2] is (byte)' ' or (byte)'\t')
                {
                    end = header[(end + 2)..].IndexOf("\r\n"u8) is var more and >= 0 ? end + 2 + more : header.Length;
                }
                return header[name.Length..end];
            }
            header = header[Math.Min(header.Length, end + 2)..];
        }
        return [];
    }
}
