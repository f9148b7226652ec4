using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Protocol.Addressing;

/// <summary>Address literals, <c>[192.0.2.1]</c> and <c>[IPv6:2001:db8::1]</c> (RFC 5321 section 4.1.3). Literals with other tags are none to us.</summary>
public static class AddressLiteral
{
    private static ReadOnlySpan<byte> Tag => "IPv6:"u8;

    /// <summary>Reads a literal with its brackets.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text is not [(byte)'[', .. var inner, (byte)']'])
        {
            return false;
        }

        return inner.Length > Tag.Length && Ascii.EqualsIgnoreCase(inner[..Tag.Length], Tag)
            ? TryParseV6(inner[Tag.Length..], out address)
            : TryParseV4(inner, out address);
    }

    /// <summary>The one way to write it. An IPv4 address written as IPv6 is that IPv4 address, so that one destination has one name.</summary>
    public static string Format(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{plain}]" : $"[{plain}]";
    }

    /// <summary>Four decimal numbers and nothing else: neither octal, hexadecimal nor missing parts, which address parsers elsewhere accept.</summary>
    internal static bool TryParseV4(ReadOnlySpan<byte> text, out IPAddress address)
    {
        address = IPAddress.None;
        Span<byte> parts = stackalloc byte[4];
        var (part, digits, value) = (0, 0, 0);
        foreach (var octet in text)
        {
            if (octet is >= (byte)'0' and <= (byte)'9' && digits < 3 && (digits == 0 || value != 0))
            {
                value = (value * 10) + octet - '0';
                digits++;
            }
            else if (octet == '.' && digits > 0 && part < 3 && value <= 255)
            {
                parts[part++] = (byte)value;
                (digits, value) = (0, 0);
            }
            else
            {
                return false;
            }
        }

        if (part != 3 || digits == 0 || value > 255)
        {
            return false;
        }

        parts[3] = (byte)value;
        address = new IPAddress(parts);
        return true;
    }

    /// <summary>Without scope, prefix length and brackets; the last 32 bits may be written as IPv4 (RFC 4291 section 2.2).</summary>
    internal static bool TryParseV6(ReadOnlySpan<byte> text, out IPAddress address)
    {
        address = IPAddress.None;
        Span<char> characters = stackalloc char[45];
        if (text.Length > characters.Length)
        {
            return false;
        }

        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiHexDigit((char)text[at]) && text[at] is not ((byte)':' or (byte)'.'))
            {
                return false;   // No scope, no prefix length, no brackets.
            }

            characters[at] = (char)text[at];
        }

        if (!IPAddress.TryParse(characters[..text.Length], out var parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        address = parsed;
        return true;
    }
}
