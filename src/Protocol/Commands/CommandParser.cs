using System.Buffers;
using System.Text;
using System.Text.Unicode;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Commands;

/// <summary>Reads one command line (RFC 5321 section 4.1). Never throws on input.</summary>
/// <remarks>
/// Verbs and parameters in any case; spaces and tabs at the end are tolerated, as are several where the grammar has one, and some after the colon of MAIL and
/// RCPT. Octets that are no UTF-8, NUL and other control characters are refused wherever they stand. Whether a path may be other than ASCII is the
/// session's to say, which knows whether SMTPUTF8 was given.
/// </remarks>
public static partial class CommandParser
{
    /// <summary>Octets of a client's name at most: that of a domain (RFC 5321 section 4.5.3.1.2).</summary>
    private const int MaxClientLength = DomainName.MaxLength;

    private static readonly SearchValues<byte> Printable = SearchValues.Create([(byte)'\t', .. Enumerable.Range(' ', 0x7f - ' ').Select(octet => (byte)octet)]);

    /// <summary>Printable ASCII that neither ends a token of the Received field nor needs quotes there.</summary>
    private static readonly SearchValues<byte> ClientName = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:[]!#$%&'*+/=?^`{|}~"u8);

    private static readonly Command Data = new Command.Data(), Rset = new Command.Rset(), Noop = new Command.Noop(), Help = new Command.Help(),
        Quit = new Command.Quit(), StartTls = new Command.StartTls();

    /// <summary>Parses a line without its CRLF.</summary>
    /// <param name="line">The octets before CRLF, within the length limit.</param>
    public static Command Parse(in ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            return Parse(line.FirstSpan);
        }

        var rented = ArrayPool<byte>.Shared.Rent((int)line.Length);
        line.CopyTo(rented);
        var command = Parse(rented.AsSpan(0, (int)line.Length));
        ArrayPool<byte>.Shared.Return(rented);
        return command;
    }

    /// <summary>Parses a line without its CRLF.</summary>
    /// <param name="line">The octets before CRLF, within the length limit.</param>
    public static Command Parse(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t"u8);
        var blank = line.IndexOfAny((byte)' ', (byte)'\t');
        var verb = blank < 0 ? line : line[..blank];
        var argument = blank < 0 ? default : line[blank..].TrimStart(" \t"u8);
        var text = !line.ContainsAnyExcept(Printable) || IsText(line);
        return verb.Length switch
        {
            4 when Is(verb, "RCPT"u8) => text ? ParseRcpt(argument) : NotText,
            4 when Is(verb, "MAIL"u8) => text ? ParseMail(argument) : NotText,
            4 when Is(verb, "DATA"u8) => Alone(Data, argument),
            4 when Is(verb, "BDAT"u8) => ParseBdat(argument),
            4 when Is(verb, "QUIT"u8) => Alone(Quit, argument),
            4 when Is(verb, "EHLO"u8) => ParseClient(argument) is { } client ? new Command.Ehlo(client) : EhloSyntax,
            4 when Is(verb, "RSET"u8) => Alone(Rset, argument),
            4 when Is(verb, "HELO"u8) => ParseClient(argument) is { } client ? new Command.Helo(client) : HeloSyntax,
            4 when Is(verb, "NOOP"u8) => text ? Noop : NotText,
            4 when Is(verb, "HELP"u8) => text ? Help : NotText,
            4 when Is(verb, "VRFY"u8) => !text ? NotText : argument.IsEmpty ? VrfySyntax : new Command.Vrfy(Encoding.UTF8.GetString(argument)),
            4 when Is(verb, "EXPN"u8) => !text ? NotText : argument.IsEmpty ? ExpnSyntax : new Command.Expn(Encoding.UTF8.GetString(argument)),
            4 when Is(verb, "SEND"u8) || Is(verb, "SOML"u8) || Is(verb, "SAML"u8) || Is(verb, "TURN"u8) => NotImplemented,
            8 when Is(verb, "STARTTLS"u8) => Alone(StartTls, argument),
            _ => IsHttp(verb) ? HttpRequest : Unknown,
        };
    }

    private static bool Is(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(octets, word);

    /// <summary>UTF-8 without control characters, tabs excepted.</summary>
    private static bool IsText(ReadOnlySpan<byte> line)
    {
        foreach (var octet in line)
        {
            if (octet is < (byte)' ' and not (byte)'\t' or 0x7f)
            {
                return false;
            }
        }

        return Utf8.IsValid(line);
    }

    /// <summary>RFC 5321 section 4.1.1: DATA, RSET and QUIT take no argument; nor does STARTTLS (RFC 3207 section 4).</summary>
    private static Command Alone(Command command, ReadOnlySpan<byte> argument) => argument.IsEmpty ? command : NoArgument;

    /// <summary>
    /// The client's name. Checked loosely, as names that are no domains are common in networks of one's own: it need only be what the Received field can hold.
    /// </summary>
    private static string? ParseClient(ReadOnlySpan<byte> argument) =>
        argument.Length is > 0 and <= MaxClientLength && !argument.ContainsAnyExcept(ClientName) ? Encoding.ASCII.GetString(argument) : null;

    /// <summary>RFC 3030 section 2: size, and LAST or nothing.</summary>
    private static Command ParseBdat(ReadOnlySpan<byte> argument)
    {
        var digits = argument.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? argument.Length : digits;
        if (digits is 0 or > 18)
        {
            return BdatSyntax;
        }

        var size = 0L;
        foreach (var digit in argument[..digits])
        {
            size = (size * 10) + digit - '0';
        }

        var rest = argument[digits..];
        return rest.IsEmpty ? new Command.Bdat(size, Last: false)
            : rest[0] is (byte)' ' or (byte)'\t' && Is(rest.TrimStart(" \t"u8), "LAST"u8) ? new Command.Bdat(size, Last: true)
            : BdatSyntax;
    }

    private static Command ParseMail(ReadOnlySpan<byte> argument)
    {
        if (!TryPassKeyword(argument, "FROM:"u8, out var rest))
        {
            return MailSyntax;
        }

        var fault = PathParser.ParseReversePath(rest, out var path, out var length);
        if (fault != PathFault.None)
        {
            return MailPathRefusal(fault);
        }

        return ParseMailParameters(rest[length..], out var parameters) ?? new Command.Mail(path, parameters);
    }

    private static Command ParseRcpt(ReadOnlySpan<byte> argument)
    {
        if (!TryPassKeyword(argument, "TO:"u8, out var rest))
        {
            return RcptSyntax;
        }

        var fault = PathParser.ParseForwardPath(rest, out var path, out var length);
        if (fault != PathFault.None)
        {
            return RcptPathRefusal(fault);
        }

        return ParseRcptParameters(rest[length..], out var parameters) ?? new Command.Rcpt(path, parameters);
    }

    /// <summary>Passes over FROM: or TO: and blanks that many clients put after it.</summary>
    private static bool TryPassKeyword(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> rest)
    {
        var found = argument.Length >= keyword.Length && Is(argument[..keyword.Length], keyword);
        rest = found ? argument[keyword.Length..].TrimStart(" \t"u8) : default;
        return found;
    }

    private static bool IsHttp(ReadOnlySpan<byte> verb) =>
        Is(verb, "GET"u8) || Is(verb, "POST"u8) || Is(verb, "PUT"u8) || Is(verb, "HEAD"u8) || Is(verb, "OPTIONS"u8)
        || Is(verb, "CONNECT"u8) || Is(verb, "DELETE"u8) || Is(verb, "PATCH"u8) || Is(verb, "TRACE"u8) || Is(verb, "PRI"u8);
}
