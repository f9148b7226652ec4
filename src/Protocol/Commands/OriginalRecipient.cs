using System.Globalization;
using System.Text;

namespace MailCluster.Protocol.Commands;

/// <summary>
/// The value of ORCPT: <c>type;address</c>, the address as xtext (RFC 3461 section 4.2), or for the type <c>utf-8</c> with <c>\x{…}</c> for what is not printable ASCII
/// (RFC 6533 section 3). We keep it decoded, and write it so that it passes hosts without SMTPUTF8.
/// </summary>
public static class OriginalRecipient
{
    /// <summary>Octets of the value at most, encoded (RFC 3461 section 4.2).</summary>
    public const int MaxLength = 500;

    private const string International = "utf-8";

    /// <summary>Reads the value of the parameter.</summary>
    /// <returns>False where it is malformed, too long, or stands for something that cannot be written into a report.</returns>
    public static bool TryParse(ReadOnlySpan<byte> value, out string recipient)
    {
        recipient = "";
        var separator = value.IndexOf((byte)';');
        if (value.Length > MaxLength || separator <= 0 || !IsType(value[..separator])
            || !Xtext.TryDecode(value[(separator + 1)..], out var address) || address.Length == 0)
        {
            return false;
        }

        var type = Encoding.ASCII.GetString(value[..separator]);
        if (type.Equals(International, StringComparison.OrdinalIgnoreCase) ? !TryUnescape(address, out address) : !Ascii.IsValid(address))
        {
            return false;
        }

        recipient = $"{type};{address}";
        return true;
    }

    /// <summary>Writes the value of the parameter.</summary>
    /// <param name="recipient">As <see cref="TryParse"/> gave it.</param>
    /// <returns>Null where it does not fit: then the parameter is left out.</returns>
    public static string? Format(string recipient)
    {
        var separator = recipient.IndexOf(';', StringComparison.Ordinal);
        if (separator <= 0)
        {
            return null;
        }

        var (type, address) = (recipient[..separator], recipient[(separator + 1)..]);
        var value = $"{type};{(type.Equals(International, StringComparison.OrdinalIgnoreCase) ? Escape(address) : Xtext.Encode(address))}";
        return value.Length <= MaxLength ? value : null;
    }

    /// <summary>An atom (RFC 3461 section 4.2: addr-type), without the characters that no registered type has.</summary>
    private static bool IsType(ReadOnlySpan<byte> type)
    {
        foreach (var octet in type)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_' or (byte)'.'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>An address in seven bits, as type <c>utf-8</c> has it (RFC 6533 section 3, utf-8-addr-xtext).</summary>
    public static string Escape(string address)
    {
        var escaped = new StringBuilder(address.Length + 16);
        foreach (var rune in address.EnumerateRunes())
        {
            _ = rune.Value is > ' ' and < 0x7f and not ('\\' or '+' or '=')
                ? escaped.Append((char)rune.Value)
                : escaped.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}");
        }

        return escaped.ToString();
    }

    private static bool TryUnescape(string escaped, out string address)
    {
        address = escaped;
        if (!escaped.Contains("\\x{", StringComparison.Ordinal))
        {
            return true;
        }

        var text = new StringBuilder(escaped.Length);
        for (var at = 0; at < escaped.Length; at++)
        {
            if (!escaped.AsSpan(at).StartsWith("\\x{"))
            {
                text.Append(escaped[at]);
                continue;
            }

            var end = escaped.IndexOf('}', at);
            if (end - at is < 5 or > 9
                || !int.TryParse(escaped.AsSpan((at + 3)..end), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                || !Rune.IsValid(value) || Rune.IsControl(new Rune(value)))
            {
                return false;
            }

            text.Append(new Rune(value).ToString());
            at = end;
        }

        address = text.ToString();
        return true;
    }
}
