using System.Globalization;
using System.Net;
using System.Text;

namespace MailCluster.Protocol.Addressing;

/// <summary>What is a domain, and what is its normal form?</summary>
public readonly partial record struct DomainName
{
    /// <summary>
    /// Octets of a domain at most. RFC 5321 section 4.5.3.1.2 says 255; the DNS counts a length before each label and the root into its 255 (RFC 1035 section
    /// 3.1), so that a name of more than 253 could never be asked for.
    /// </summary>
    public const int MaxLength = 253;

    /// <summary>Octets of a label at most (RFC 1035 section 2.3.4).</summary>
    public const int MaxLabelLength = 63;

    /// <summary>The address of an address literal.</summary>
    public bool TryGetAddress(out IPAddress address)
    {
        address = IPAddress.None;
        return IsAddressLiteral && AddressLiteral.TryParse(Encoding.ASCII.GetBytes(Value), out address);
    }

    /// <summary>
    /// Reads a domain or address literal from text that people or the DNS wrote: blanks around it and the final dot of a full name are dropped, U-labels become
    /// A-labels. <c>example.com.</c> and <c>Example.COM</c> are the same.
    /// </summary>
    public static bool TryParse(string? text, out DomainName domain)
    {
        domain = default;
        var trimmed = text.AsSpan().Trim();
        if (trimmed is [.. var name, '.'])
        {
            trimmed = name;
        }

        return trimmed.Length is > 0 and <= MaxLength && TryParse(Encoding.UTF8.GetBytes(trimmed.ToArray()), out domain);
    }

    /// <summary>Reads a domain or address literal as a path carries it: no final dot (RFC 5321 section 4.1.2 has none).</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DomainName domain) => Parse(text, out domain) == PathFault.None;

    /// <summary>Reads a domain or address literal.</summary>
    /// <returns><see cref="PathFault.None"/>, <see cref="PathFault.Domain"/> or <see cref="PathFault.DomainTooLong"/>.</returns>
    internal static PathFault Parse(ReadOnlySpan<byte> text, out DomainName domain)
    {
        domain = default;
        if (text is [(byte)'[', ..])
        {
            if (!AddressLiteral.TryParse(text, out var address))
            {
                return PathFault.Domain;
            }

            domain = new DomainName(AddressLiteral.Format(address));
            return PathFault.None;
        }

        if (!Ascii.IsValid(text))
        {
            return ParseInternational(text, out domain);
        }

        var fault = Check(text);
        if (fault == PathFault.None)
        {
            domain = new DomainName(DomainNameCache.Get(text));
        }

        return fault;
    }

    /// <summary>Whether it is a domain or address literal, without making a string of it.</summary>
    internal static PathFault Check(ReadOnlySpan<byte> text)
    {
        if (text is [(byte)'[', ..] || !Ascii.IsValid(text))
        {
            return Parse(text, out _);
        }

        if (text.Length is 0 or > MaxLength)
        {
            return text.Length == 0 ? PathFault.Domain : PathFault.DomainTooLong;
        }

        // Labels of letters, digits, hyphens inside, and underscores, which no registry sells but hosts in use have.
        var (label, numeric) = (0, true);
        for (var at = 0; at < text.Length; at++)
        {
            var octet = text[at];
            if (octet == '.')
            {
                if (label == 0 || text[at - 1] == '-')
                {
                    return PathFault.Domain;
                }

                (label, numeric) = (0, true);
                continue;
            }

            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != '_' && (octet != '-' || label == 0))
            {
                return PathFault.Domain;
            }

            numeric &= char.IsAsciiDigit((char)octet);
            if (++label > MaxLabelLength)
            {
                return PathFault.DomainTooLong;
            }
        }

        // RFC 3696 section 2: no top-level domain is all digits; 192.0.2.1 without brackets must not be taken for a name, or for an address later on.
        return label == 0 || numeric || text[^1] == '-' ? PathFault.Domain : PathFault.None;
    }

    /// <summary>
    /// U-labels to A-labels (RFC 5890). Lower-cased, but not composed: the runtime has no Unicode normalization without ICU, and RFC 5890 section 2.3.2.1
    /// wants U-labels composed by whoever sends them. A label that is not becomes a name that does not exist, never another's.
    /// </summary>
    private static PathFault ParseInternational(ReadOnlySpan<byte> text, out DomainName domain)
    {
        domain = default;
        if (text.Length > MaxLength)
        {
            return PathFault.DomainTooLong;
        }

        if (!System.Text.Unicode.Utf8.IsValid(text))
        {
            return PathFault.Domain;
        }

        var characters = Encoding.UTF8.GetString(text).ToLowerInvariant();
        foreach (var rune in characters.EnumerateRunes())
        {
            if (!rune.IsAscii && !IsLetter(rune))
            {
                return PathFault.Domain;
            }
        }

        string ascii;
        try
        {
            ascii = Mapping.GetAscii(characters);
        }
        catch (ArgumentException)
        {
            return PathFault.Domain;
        }

        Span<byte> octets = stackalloc byte[MaxLength];
        if (ascii.Length > MaxLength)
        {
            return PathFault.DomainTooLong;
        }

        octets = octets[..Encoding.ASCII.GetBytes(ascii, octets)];
        var fault = Check(octets);
        if (fault == PathFault.None)
        {
            domain = new DomainName(DomainNameCache.Get(octets));
        }

        return fault;
    }

    private static readonly IdnMapping Mapping = new();

    /// <summary>
    /// Letters, marks, digits and what joins them: RFC 5892 section 2 in the large. Shuts out spaces, format and control characters, and every dot
    /// look-alike that would cut a label in two.
    /// </summary>
    private static bool IsLetter(Rune rune) => rune.Value is 0x200c or 0x200d or 0xb7 or 0x30fb || Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber => true,
        // Against RFC 5892, but registered under several country domains: mail to them must not be refused here.
        UnicodeCategory.OtherSymbol => rune.Value is >= 0x2600 and not (0xfffc or 0xfffd),
        _ => false,
    };
}
