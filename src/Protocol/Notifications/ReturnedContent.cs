using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Notifications;

/// <summary>
/// The third part of a report: the message or its header (RFC 6522 section 3; RFC 3461 section 4.3). What is returned keeps to what mail may hold,
/// whatever the original was: a header that does not is encoded, and a message that does not is returned as its header only.
/// </summary>
internal readonly ref struct ReturnedContent
{
    /// <summary>Octets of a message that is returned whole at most; of a larger one the header is.</summary>
    public const int LargestWhole = 50 << 10;

    /// <summary>Octets of a header that are returned at most, cut at a line's end.</summary>
    public const int LargestHeader = 64 << 10;

    private const int LongestLine = 998;

    private ReturnedContent(string mediaType, string encoding, ReadOnlySpan<byte> octets)
    {
        MediaType = mediaType;
        Encoding = encoding;
        Octets = octets;
    }

    /// <summary><c>message/rfc822</c>, <c>message/global</c> or <c>text/rfc822-headers</c>.</summary>
    public string MediaType { get; }

    /// <summary><c>7bit</c>, <c>8bit</c> or <c>quoted-printable</c>, which is still to be applied.</summary>
    public string Encoding { get; }

    /// <summary>A part of the original.</summary>
    public ReadOnlySpan<byte> Octets { get; }

    /// <summary>Chooses what is returned.</summary>
    /// <param name="action">A whole message is returned only with a failure.</param>
    /// <param name="original">The parameters of MAIL.</param>
    /// <param name="beginning">The content's first octets, <see cref="LargestHeader"/> where it has so many.</param>
    /// <param name="isWhole">True where that is all.</param>
    public static ReturnedContent Choose(DeliveryAction action, MailParameters original, ReadOnlySpan<byte> beginning, bool isWhole)
    {
        var header = OriginalHeader.Of(beginning, isWhole);
        if (action == DeliveryAction.Failed && original.Return == ReturnContent.Full && isWhole && beginning.Length <= LargestWhole && IsClean(beginning))
        {
            var is8Bit = beginning.ContainsAnyExceptInRange((byte)0, (byte)0x7f);
            return new(original.SmtpUtf8 && header.ContainsAnyExceptInRange((byte)0, (byte)0x7f) ? "message/global" : "message/rfc822", is8Bit ? "8bit" : "7bit", beginning);
        }
        return new("text/rfc822-headers", IsClean(header) && !header.ContainsAnyExceptInRange((byte)0, (byte)0x7f) ? "7bit" : "quoted-printable", header);
    }

    /// <summary>Lines that may travel: ended by CRLF, not too long, without NUL.</summary>
    private static bool IsClean(ReadOnlySpan<byte> octets)
    {
        if (octets.Contains((byte)0))
        {
            return false;
        }
        while (!octets.IsEmpty)
        {
            var end = octets.IndexOfAny((byte)'\r', (byte)'\n');
            if ((end < 0 ? octets.Length : end) > LongestLine || end >= 0 && !octets[end..].StartsWith("\r\n"u8))
            {
                return false;
            }
            octets = end < 0 ? [] : octets[(end + 2)..];
        }
        return true;
    }
}
