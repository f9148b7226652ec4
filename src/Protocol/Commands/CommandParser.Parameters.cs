using System.Text;

namespace MailCluster.Protocol.Commands;

/// <summary>What do the parameters of MAIL and RCPT say?</summary>
public static partial class CommandParser
{
    /// <summary>Octets of ENVID at most, encoded (RFC 3461 section 4.4).</summary>
    private const int MaxEnvelopeIdLength = 100;

    /// <summary>Takes the next parameter off the front.</summary>
    /// <returns>False at the end, or where a parameter is not set off by a blank; then <paramref name="rest"/> is not empty.</returns>
    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> value, out bool hasValue)
    {
        keyword = value = default;
        hasValue = false;
        if (rest.IsEmpty || rest[0] is not ((byte)' ' or (byte)'\t'))
        {
            return false;
        }

        rest = rest.TrimStart(" \t"u8);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        keyword = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..];
        var equals = keyword.IndexOf((byte)'=');
        if (equals >= 0)
        {
            hasValue = true;
            value = keyword[(equals + 1)..];
            keyword = keyword[..equals];
        }

        return true;
    }

    /// <summary>RFC 5321 section 4.1.2: esmtp-param.</summary>
    private static Command? ParseMailParameters(ReadOnlySpan<byte> rest, out MailParameters parameters)
    {
        parameters = MailParameters.None;
        if (rest.IsEmpty)
        {
            return null;
        }

        var (seenSize, seenBody, seenUtf8, seenReturn, seenId) = (false, false, false, false, false);
        long? size = null;
        var body = BodyType.SevenBit;
        var ret = ReturnContent.Unspecified;
        string? id = null;
        while (TryTake(ref rest, out var keyword, out var value, out var hasValue))
        {
            if (Is(keyword, "SIZE"u8))
            {
                if (!First(ref seenSize) || !TryParseSize(value, out var octets))
                {
                    return BadParameter;
                }

                size = octets;
            }
            else if (Is(keyword, "BODY"u8))
            {
                if (!First(ref seenBody) || !(Is(value, "8BITMIME"u8) || Is(value, "7BIT"u8)))
                {
                    return BadParameter;
                }

                body = value[0] == '8' ? BodyType.EightBitMime : BodyType.SevenBit;
            }
            else if (Is(keyword, "SMTPUTF8"u8))
            {
                // RFC 6531 section 3.1: it takes no value.
                if (!First(ref seenUtf8) || hasValue)
                {
                    return BadParameter;
                }
            }
            else if (Is(keyword, "RET"u8))
            {
                if (!First(ref seenReturn) || !(Is(value, "HDRS"u8) || Is(value, "FULL"u8)))
                {
                    return BadParameter;
                }

                ret = value[0] is (byte)'H' or (byte)'h' ? ReturnContent.Headers : ReturnContent.Full;
            }
            else if (Is(keyword, "ENVID"u8))
            {
                // RFC 3461 section 4.4: printable ASCII before the encoding.
                if (!First(ref seenId) || value.Length is 0 or > MaxEnvelopeIdLength || !Xtext.TryDecode(value, out id) || !Ascii.IsValid(id))
                {
                    return BadParameter;
                }
            }
            else
            {
                return UnknownParameter;
            }
        }

        parameters = new MailParameters(size, body, seenUtf8, ret, id);
        return rest.IsEmpty ? null : MailSyntax;
    }

    private static Command? ParseRcptParameters(ReadOnlySpan<byte> rest, out RcptParameters parameters)
    {
        parameters = RcptParameters.None;
        if (rest.IsEmpty)
        {
            return null;
        }

        var (seenNotify, seenRecipient) = (false, false);
        var notify = Notify.Unspecified;
        string? recipient = null;
        while (TryTake(ref rest, out var keyword, out var value, out _))
        {
            if (Is(keyword, "NOTIFY"u8))
            {
                if (!First(ref seenNotify) || !TryParseNotify(value, out notify))
                {
                    return BadParameter;
                }
            }
            else if (Is(keyword, "ORCPT"u8))
            {
                if (!First(ref seenRecipient) || !OriginalRecipient.TryParse(value, out recipient))
                {
                    return BadParameter;
                }
            }
            else
            {
                return UnknownParameter;
            }
        }

        parameters = new RcptParameters(notify, recipient);
        return rest.IsEmpty ? null : RcptSyntax;
    }

    private static bool First(ref bool seen) => !seen && (seen = true);

    /// <summary>RFC 1870 section 4: up to 20 digits. What no long holds is more than any limit, and stays so.</summary>
    private static bool TryParseSize(ReadOnlySpan<byte> value, out long size)
    {
        size = 0;
        if (value.Length is 0 or > 20 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        foreach (var digit in value)
        {
            size = size > (long.MaxValue - 9) / 10 ? long.MaxValue : (size * 10) + digit - '0';
        }

        return true;
    }

    /// <summary>RFC 3461 section 4.1: NEVER alone, or any of the others.</summary>
    private static bool TryParseNotify(ReadOnlySpan<byte> value, out Notify notify)
    {
        notify = Notify.Unspecified;
        foreach (var range in value.Split((byte)','))
        {
            var word = value[range];
            var one = Is(word, "NEVER"u8) ? Notify.Never
                : Is(word, "SUCCESS"u8) ? Notify.Success
                : Is(word, "FAILURE"u8) ? Notify.Failure
                : Is(word, "DELAY"u8) ? Notify.Delay
                : Notify.Unspecified;
            if (one == Notify.Unspecified)
            {
                return false;
            }

            notify |= one;
        }

        return notify == Notify.Never || (notify & Notify.Never) == 0;
    }
}
