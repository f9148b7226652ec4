using System.Buffers;
using System.Text;

namespace MailCluster.Protocol.Commands;

/// <summary>
/// The encoding of ENVID and ORCPT (RFC 3461 section 4): printable ASCII as it is, but <c>+</c>, <c>=</c> and all else as <c>+</c> and two upper-case
/// hexadecimal digits.
/// </summary>
public static class Xtext
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "!\"#$%&'()*,-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Encodes; octets of UTF-8 where the text is not ASCII.</summary>
    public static string Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        Span<byte> octets = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in octets[..rune.EncodeToUtf8(octets)])
            {
                encoded.Append('+').Append(Digit(octet >> 4)).Append(Digit(octet & 15));
            }
        }

        return encoded.ToString();
    }

    /// <summary>Decodes. Octets over 127 pass as they are: RFC 6533 section 3 allows them in ORCPT where SMTPUTF8 is in use.</summary>
    /// <returns>
    /// False where it is no xtext, or what it stands for is not text of printable characters and spaces: a line break in it would end up in the fields of a report.
    /// </returns>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, out string text)
    {
        text = "";
        var octets = encoded.Length <= 1024 ? stackalloc byte[encoded.Length] : new byte[encoded.Length];
        var length = 0;
        for (var at = 0; at < encoded.Length; at++)
        {
            var octet = encoded[at];
            if (octet == '+')
            {
                if (at + 2 >= encoded.Length || Value(encoded[at + 1]) is var high && high < 0 || Value(encoded[at + 2]) is var low && low < 0)
                {
                    return false;
                }

                octet = (byte)((high << 4) | low);
                at += 2;
            }
            else if (octet is <= (byte)' ' or (byte)'=' or 0x7f)
            {
                return false;
            }

            if (octet is < (byte)' ' or 0x7f)
            {
                return false;
            }

            octets[length++] = octet;
        }

        octets = octets[..length];
        if (!System.Text.Unicode.Utf8.IsValid(octets))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(octets);
        return !text.AsSpan().ContainsAnyInRange('\u0080', '\u009f');
    }

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);

    /// <summary>Upper case is what the RFC says; lower case is what some send.</summary>
    private static int Value(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        _ => -1,
    };
}
