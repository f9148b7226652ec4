using System.Buffers;

namespace MailCluster.Protocol.Content;

/// <summary>
/// Takes content off the wire in one pass: finds the end of data (CRLF.CRLF and nothing else), undoes dot-stuffing, checks newlines, NUL, line
/// length, size and hops, notes the traits, and copies each octet once into the output. After a fault it goes on reading and writes nothing more.
/// State survives any split of the input. One instance serves one transaction, through DATA or through any number of BDAT chunks.
/// </summary>
/// <remarks>
/// What it writes holds CR and LF only as CRLF: a CR at the end of the input is held back until its LF has come. Octets that need no thought are found in
/// bulk (<see cref="PlainText"/>) and copied in whole runs; the rest, a few octets of a line, goes through the states below one by one.
/// </remarks>
public sealed partial class ContentReceiver(ContentLimits limits)
{
    private Position _position = Position.LineStart;
    private int _lineLength;

    /// <summary>Where in a line the next octet stands.</summary>
    private enum Position : byte
    {
        /// <summary>After CRLF, or before the first octet: a dot here is the client's stuffing or the end of data.</summary>
        LineStart,
        /// <summary>After a stuffing dot or a bare newline that became CRLF: a line begins, and a dot here is the message's own.</summary>
        TextStart,
        /// <summary>After a CR that is not yet written.</summary>
        CarriageReturn,
        /// <summary>In a line.</summary>
        Text,
        /// <summary>After CRLF and a dot.</summary>
        Dot,
        /// <summary>After CRLF, a dot and CR: an LF ends the data.</summary>
        DotCarriageReturn,
    }

    /// <summary>The limits it was made with.</summary>
    public ContentLimits Limits { get; } = limits;

    /// <summary>The first fault met.</summary>
    public ContentFault Fault { get; private set; }

    /// <summary>What the content is like; final once the end is reached.</summary>
    public ContentTraits Traits { get; private set; }

    /// <summary>Octets of content so far, dot-stuffing undone, counted through faults too.</summary>
    public long Length { get; private set; }

    /// <summary>Takes octets that follow DATA, up to the end of data.</summary>
    public ContentProgress ReceiveData(ReadOnlySpan<byte> input, IBufferWriter<byte> output, out int consumed) =>
        Receive(input, output, Position.LineStart, out consumed);

    /// <summary>Takes octets of a BDAT chunk; the caller counts them. <paramref name="input"/> is consumed whole.</summary>
    /// <remarks>RFC 3030 section 2: no dot is special. Chunks may be cut anywhere, also between CR and LF.</remarks>
    public void ReceiveChunk(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        if (_position == Position.LineStart)
        {
            _position = Position.TextStart;
        }

        Receive(input, output, Position.TextStart, out _);
    }

    /// <summary>Ends the content after the last BDAT chunk: a CR in the air is a bare one, a missing final CRLF a trait.</summary>
    public void EndChunks(IBufferWriter<byte> output)
    {
        if (_position == Position.CarriageReturn)
        {
            _position = EndLineBare(ContentFault.BareCarriageReturn, output);
        }

        if (_position == Position.Text)
        {
            Traits |= ContentTraits.LacksFinalCrlf;
        }
    }

    /// <summary>The states. <paramref name="lineStart"/> is what follows CRLF: the one difference between DATA and BDAT.</summary>
    private ContentProgress Receive(ReadOnlySpan<byte> input, IBufferWriter<byte> output, Position lineStart, out int consumed)
    {
        // input[run..at] is to be written as it stands; in CarriageReturn its last octet is the CR, unless that came with an earlier input.
        var (run, at) = (0, 0);
        var held = _position == Position.CarriageReturn;
        while (at < input.Length)
        {
            if (Fault != ContentFault.None && _position == Position.Text && SkipRefused(input[at..]) is var refused and > 0)
            {
                at += refused;
                continue;
            }

            var octet = input[at];
            switch (_position)
            {
                case Position.CarriageReturn when octet == '\n':
                    if (held)
                    {
                        Write("\r\n"u8, output);
                        run = at + 1;
                        held = false;
                    }

                    _position = lineStart;
                    _lineLength = 0;
                    at++;
                    continue;

                case Position.CarriageReturn:
                    if (!held)
                    {
                        Write(input[run..(at - 1)], output);
                    }

                    held = false;
                    run = at;
                    _position = EndLineBare(ContentFault.BareCarriageReturn, output);
                    continue;

                case Position.LineStart when octet == '.':
                    Write(input[run..at], output);
                    run = ++at;
                    _position = Position.Dot;
                    continue;

                case Position.Dot when octet == '\r':
                    run = ++at;
                    _position = Position.DotCarriageReturn;
                    continue;

                case Position.Dot:
                    // RFC 5321 section 4.5.2: there are other characters on the line, so the dot goes and they stay.
                    _position = Position.TextStart;
                    continue;

                case Position.DotCarriageReturn when octet == '\n':
                    consumed = at + 1;
                    return ContentProgress.Complete;

                case Position.DotCarriageReturn:
                    _position = Position.TextStart;
                    ReadFieldName((byte)'\r');
                    _position = EndLineBare(ContentFault.BareCarriageReturn, output);
                    continue;
            }

            if (octet == '\r')
            {
                ReadFieldName(octet);
                _position = Position.CarriageReturn;
                at++;
                continue;
            }

            if (octet == '\n')
            {
                ReadFieldName(octet);
                Write(input[run..at], output);
                run = ++at;
                _position = EndLineBare(ContentFault.BareLineFeed, output);
                continue;
            }

            if (Fault == ContentFault.None)
            {
                var plain = SkipPlain(input[at..], lineStart);
                if (plain > 0)
                {
                    at += plain;
                    continue;
                }

                if (Look(octet) is var fault and not ContentFault.None)
                {
                    // What came before counts first, so that the first fault is the same however the input was cut.
                    Write(input[run..at], output);
                    run = at;
                    Fail(fault);
                }
            }

            _position = Position.Text;
            at++;
        }

        // A CR at the very end waits for what comes next.
        var end = _position == Position.CarriageReturn && !held ? at - 1 : at;
        if (end > run)
        {
            Write(input[run..end], output);
        }

        consumed = at;
        return ContentProgress.NeedMore;
    }

    /// <summary>Passes over octets of a message that is refused already: of interest are only dots that begin a line, for one of them is the end.</summary>
    private static int SkipRefused(ReadOnlySpan<byte> rest)
    {
        var line = rest.IndexOf("\r\n."u8);
        return line >= 0 ? line : Math.Max(0, rest.Length - 2);
    }

    /// <summary>Passes over octets that need no thought, where there are many of them.</summary>
    private int SkipPlain(ReadOnlySpan<byte> rest, Position lineStart)
    {
        if (_section == Section.Header && _position != Position.Text)
        {
            return SkipFieldName(rest);
        }

        if (rest.Length < PlainText.Block || _section is Section.FieldName or Section.Blank)
        {
            return 0;
        }

        var plain = PlainText.Measure(
            rest, Limits.LineLength, everyLine: _section == Section.Header, atLineStart: _position != Position.Text, ref _lineLength, out var eightBit);
        if (plain > 0)
        {
            _position = rest[plain - 1] == '\n' ? lineStart : Position.Text;
            Traits |= !eightBit ? ContentTraits.None : _section == Section.Header ? ContentTraits.EightBitHeader : ContentTraits.EightBitBody;
        }

        return plain;
    }

    /// <summary>Looks at one octet of a line that is neither CR nor LF.</summary>
    private ContentFault Look(byte octet)
    {
        var fault = ReadFieldName(octet);
        if (octet == '.' && _position != Position.Text)
        {
            Traits |= ContentTraits.HasLeadingDot;
        }
        else if (octet >= 0x80)
        {
            Traits |= _section == Section.Header ? ContentTraits.EightBitHeader : ContentTraits.EightBitBody;
        }

        return ++_lineLength > Limits.LineLength ? ContentFault.LineTooLong : octet == 0 ? ContentFault.Nul : fault;
    }

    /// <summary>A CR without LF or an LF without CR: a fault, or the end of a line.</summary>
    private Position EndLineBare(ContentFault fault, IBufferWriter<byte> output)
    {
        if (Limits.BareNewlines == BareNewlines.Normalize && Fault == ContentFault.None)
        {
            Write("\r\n"u8, output);
            _lineLength = 0;
            return Position.TextStart;
        }

        Length++;
        Fail(fault);
        return Position.Text;
    }

    private void Write(ReadOnlySpan<byte> octets, IBufferWriter<byte> output)
    {
        if (octets.IsEmpty)
        {
            return;
        }

        Length += octets.Length;
        if (Length > Limits.Size)
        {
            Fail(ContentFault.TooLarge);
        }

        if (Fault == ContentFault.None)
        {
            output.Write(octets);
        }
    }

    private void Fail(ContentFault fault) => Fault = Fault == ContentFault.None ? fault : Fault;
}
