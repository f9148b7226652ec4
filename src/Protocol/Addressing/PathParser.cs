using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MailCluster.Protocol.Addressing;

/// <summary>
/// Reads the paths of MAIL and RCPT (RFC 5321 section 4.1.2, RFC 6531 section 3.3). A source route is checked and dropped (RFC 5321 appendix F.2); the local
/// part is never changed.
/// </summary>
/// <remarks>
/// Where it is looser than the grammar: dots may stand anywhere in an unquoted local part, since providers have given out such addresses and only the
/// receiving host can say. Where it is as strict: brackets are needed, and a domain has no final dot.
/// </remarks>
public static class PathParser
{
    /// <summary>Octets of a local part at most, quotes included (RFC 5321 section 4.5.3.1.1).</summary>
    public const int MaxLocalPartLength = 64;

    /// <summary>Octets of a path at most, brackets included (RFC 5321 section 4.5.3.1.3).</summary>
    public const int MaxPathLength = 256;

    private static readonly SearchValues<byte> AtomText = SearchValues.Create(
        [.. "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~."u8, .. Enumerable.Range(0x80, 0x80).Select(octet => (byte)octet)]);

    /// <summary>Reads the reverse-path that <paramref name="text"/> begins with.</summary>
    /// <param name="text">From the <c>&lt;</c>; what follows the path is not looked at.</param>
    /// <param name="path">The path; null where it is <c>&lt;&gt;</c>.</param>
    /// <param name="length">Octets up to and with the <c>&gt;</c>; 0 with a fault.</param>
    public static PathFault ParseReversePath(ReadOnlySpan<byte> text, out ReversePath path, out int length)
    {
        path = ReversePath.Null;
        if (text is [(byte)'<', (byte)'>', ..])
        {
            length = 2;
            return PathFault.None;
        }

        var fault = Find(text, out var mailbox, out var domain, out length);
        if (fault == PathFault.None)
        {
            fault = domain.IsEmpty ? PathFault.NoDomain : DomainName.Check(domain);
        }

        if (fault == PathFault.None)
        {
            path = new ReversePath(Encoding.UTF8.GetString(mailbox));
        }

        length = fault == PathFault.None ? length : 0;
        return fault;
    }

    /// <summary>Reads the forward-path that <paramref name="text"/> begins with.</summary>
    /// <param name="text">From the <c>&lt;</c>; what follows the path is not looked at.</param>
    /// <param name="path">The path; without a domain where it is <c>&lt;postmaster&gt;</c>.</param>
    /// <param name="length">Octets up to and with the <c>&gt;</c>; 0 with a fault.</param>
    public static PathFault ParseForwardPath(ReadOnlySpan<byte> text, out ForwardPath path, out int length)
    {
        path = default;
        var fault = Find(text, out var mailbox, out var domain, out length);
        var name = default(DomainName);
        if (fault == PathFault.None)
        {
            // RFC 5321 section 4.5.1: postmaster is a recipient without a domain, in any case.
            fault = !domain.IsEmpty ? DomainName.Parse(domain, out name)
                : Ascii.EqualsIgnoreCase(mailbox, "postmaster"u8) ? PathFault.None
                : PathFault.NoDomain;
        }

        if (fault == PathFault.None)
        {
            path = new ForwardPath(Encoding.UTF8.GetString(mailbox), name);
        }

        length = fault == PathFault.None ? length : 0;
        return fault;
    }

    /// <summary>Finds the mailbox and its domain between the brackets, behind a source route. The domain is not yet checked; it is empty where there is none.</summary>
    private static PathFault Find(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> mailbox, out ReadOnlySpan<byte> domain, out int length)
    {
        mailbox = domain = default;
        length = 0;
        if (text is not [(byte)'<', .. var rest])
        {
            return PathFault.Brackets;
        }

        if (rest is [(byte)'@', ..])
        {
            var route = PassRoute(rest, out var routeLength);
            if (route != PathFault.None)
            {
                return route;
            }

            rest = rest[routeLength..];
        }

        var local = LocalPartLength(rest);
        if (local <= 0)
        {
            return local == 0 && rest is [(byte)'>', ..] ? PathFault.Empty : PathFault.LocalPart;
        }

        if (local == rest.Length)
        {
            return PathFault.Brackets;
        }

        if (rest[local] is not ((byte)'@' or (byte)'>'))
        {
            return PathFault.LocalPart;
        }

        var bracket = rest[local..].IndexOf((byte)'>');
        if (bracket < 0)
        {
            return PathFault.Brackets;
        }

        mailbox = rest[..(local + bracket)];
        length = text.Length - rest.Length + mailbox.Length + 1;
        if (bracket == 1)
        {
            return PathFault.Domain;
        }

        domain = bracket == 0 ? default : mailbox[(local + 1)..];
        return local > MaxLocalPartLength ? PathFault.LocalPartTooLong
            : domain.Length > DomainName.MaxLength ? PathFault.DomainTooLong
            : length > MaxPathLength ? PathFault.PathTooLong
            : Utf8.IsValid(mailbox[..local]) ? PathFault.None
            : PathFault.LocalPart;
    }

    /// <summary>Octets of the local part at the start, quotes included; 0 where there is none, less where it is malformed.</summary>
    private static int LocalPartLength(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'"', ..])
        {
            var end = text.IndexOfAnyExcept(AtomText);
            return end < 0 ? text.Length : end;
        }

        for (var at = 1; at < text.Length; at++)
        {
            switch (text[at])
            {
                case (byte)'"':
                    return at + 1;
                case (byte)'\\' when at + 1 < text.Length && text[at + 1] is >= (byte)' ' and < 0x7f:
                    at++;
                    break;
                case (byte)'\\' or < (byte)' ' or 0x7f:
                    return -1;
            }
        }

        return -1;
    }

    /// <summary>Passes over <c>@a,@b:</c>, after looking whether it is that.</summary>
    private static PathFault PassRoute(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        while (text.Length > length && text[length] == '@')
        {
            var host = text[(length + 1)..];
            var literal = host is [(byte)'[', ..] ? host.IndexOf((byte)']') : 0;
            var end = literal < 0 ? -1 : host[literal..].IndexOfAny((byte)',', (byte)':', (byte)'>');
            if (end < 0 || host[literal + end] == '>' || DomainName.Check(host[..(literal + end)]) != PathFault.None)
            {
                return PathFault.Route;
            }

            length += 1 + literal + end + 1;
            if (host[literal + end] == ':')
            {
                return PathFault.None;
            }
        }

        return PathFault.Route;
    }
}
