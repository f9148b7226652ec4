using System.Buffers.Text;
using System.Text;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>Reads the lines of a donor. Never throws on input; stricter than what reads clients' lines, since only our own nodes speak here.</summary>
public static class HandoverCommandParser
{
    private static readonly HandoverCommand Rset = new HandoverCommand.Rset(), Noop = new HandoverCommand.Noop(), Quit = new HandoverCommand.Quit(), Forget = new HandoverCommand.Forget(),
        Syntax = new HandoverCommand.Refused(HandoverReplies.Syntax), Unknown = new HandoverCommand.Refused(HandoverReplies.Unknown);

    /// <summary>Parses a line without its CRLF.</summary>
    public static HandoverCommand Parse(ReadOnlySpan<byte> line)
    {
        var verb = NextWord(ref line);
        return verb.Length switch
        {
            4 when Is(verb, "MAIL"u8) => Mail(line),
            4 when Is(verb, "BDAT"u8) => Chunk(line),
            4 when Is(verb, "XHAD"u8) => Had(line),
            4 when Is(verb, "EHLO"u8) => Ehlo(line),
            4 when Is(verb, "NOOP"u8) => Noop,
            4 when Is(verb, "RSET"u8) => line.IsEmpty ? Rset : Syntax,
            4 when Is(verb, "QUIT"u8) => line.IsEmpty ? Quit : Syntax,
            7 when Is(verb, "XTICKET"u8) => Ticket(line),
            7 when Is(verb, "XFORGET"u8) => line.IsEmpty ? Forget : Syntax,
            _ => Unknown,
        };
    }

    private static HandoverCommand Ehlo(ReadOnlySpan<byte> rest)
    {
        var name = NextWord(ref rest);
        return name.Length is > 0 and <= 255 && rest.IsEmpty && Ascii.IsValid(name) ? new HandoverCommand.Ehlo(Encoding.ASCII.GetString(name)) : Syntax;
    }

    private static HandoverCommand Ticket(ReadOnlySpan<byte> rest)
    {
        var ticket = NextWord(ref rest);
        return ticket.Length is > 0 and <= 64 && Ascii.IsValid(ticket) && TryHex(NextWord(ref rest), out var donor) && rest.IsEmpty
            ? new HandoverCommand.Ticket(Encoding.ASCII.GetString(ticket), donor)
            : Syntax;
    }

    private static HandoverCommand Mail(ReadOnlySpan<byte> rest)
    {
        if (!Is(NextWord(ref rest), "FROM:<>"u8))
        {
            return Syntax;
        }
        string? id = null;
        long size = -1, mark = -1, state = -1;
        while (!rest.IsEmpty)
        {
            var word = NextWord(ref rest);
            var equals = word.IndexOf((byte)'=');
            if (equals <= 0)
            {
                return Syntax;
            }
            var value = word[(equals + 1)..];
            var isGood = word[..equals] switch
            {
                var key when Is(key, "SIZE"u8) => TryNumber(value, out size),
                var key when Is(key, "XMARK"u8) => TryNumber(value, out mark),
                var key when Is(key, "XSTATE"u8) => TryNumber(value, out state),
                var key when Is(key, "XQUEUEID"u8) => TryId(value, out id),
                // A newer donor may say more; what matters for whether the message is kept whole stands in its state.
                _ => true,
            };
            if (!isGood)
            {
                return Syntax;
            }
        }
        return id is null || size < 0 || mark is < 0 or > int.MaxValue || state is <= 0 or > HandoverLimits.StateSize
            ? Syntax
            : new HandoverCommand.Mail(new(id, (int)mark, (int)state, size));
    }

    private static HandoverCommand Chunk(ReadOnlySpan<byte> rest)
    {
        if (!TryNumber(NextWord(ref rest), out var size))
        {
            return Syntax;
        }
        return rest.IsEmpty ? new HandoverCommand.Chunk(size, Last: false) : Is(rest, "LAST"u8) ? new HandoverCommand.Chunk(size, Last: true) : Syntax;
    }

    private static HandoverCommand Had(ReadOnlySpan<byte> rest) =>
        TryId(NextWord(ref rest), out var id) && TryNumber(NextWord(ref rest), out var mark) && mark <= int.MaxValue && rest.IsEmpty ? new HandoverCommand.Had(id!, (int)mark) : Syntax;

    private static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> rest)
    {
        var blank = rest.IndexOf((byte)' ');
        var word = blank < 0 ? rest : rest[..blank];
        rest = blank < 0 ? default : rest[(blank + 1)..];
        return word;
    }

    private static bool Is(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(octets, word);

    private static bool TryNumber(ReadOnlySpan<byte> text, out long number) =>
        Utf8Parser.TryParse(text, out number, out var used) && used == text.Length && text is [>= (byte)'0' and <= (byte)'9', ..];

    private static bool TryHex(ReadOnlySpan<byte> text, out ulong number)
    {
        number = 0;
        return text.Length == 16 && Utf8Parser.TryParse(text, out number, out var used, 'x') && used == 16;
    }

    private static bool TryId(ReadOnlySpan<byte> text, out string? id)
    {
        id = text.Length is > 0 and <= HandoverLimits.IdLength && Ascii.IsValid(text) ? Encoding.ASCII.GetString(text) : null;
        return id is not null;
    }
}
