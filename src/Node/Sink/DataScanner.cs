namespace MailCluster.Node.Sink;

/// <summary>
/// Finds the end of data and undoes dot-stuffing (RFC 5321 section 4.5.2), across any split. The sink has its own, apart from the relay's, on purpose:
/// what witnesses the relay's work must not share its faults.
/// </summary>
internal struct DataScanner()
{
    private enum Place : byte
    {
        Line,
        AfterCr,
        LineStart,
        AfterDot,
        AfterDotCr,
    }

    // The line of DATA itself counts as the first CRLF.
    private Place _place = Place.LineStart;

    /// <summary>
    /// Takes the next piece off <paramref name="input"/>, which is not empty: <paramref name="run"/> is content, maybe empty, and <paramref name="consumed"/> says
    /// how far it went, maybe nowhere. True when that consumed the end of data; else call again with the rest.
    /// </summary>
    public bool Next(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> run, out int consumed)
    {
        run = [];
        consumed = 0;
        switch (_place, input[0])
        {
            case (Place.AfterDotCr, (byte)'\n'):
                (_place, consumed) = (Place.LineStart, 1);
                return true;
            case (Place.AfterDotCr, _):
                // A stuffed dot before a bare CR, which was content after all.
                _place = Place.AfterCr;
                run = "\r"u8;
                return false;
            case (Place.AfterDot, (byte)'\r'):
                (_place, consumed) = (Place.AfterDotCr, 1);
                return false;
            case (Place.LineStart, (byte)'.'):
                // Held back: either it stuffs, and vanishes, or it ends.
                (_place, consumed) = (Place.AfterDot, 1);
                return false;
            case (Place.AfterCr, (byte)'\n'):
                (_place, consumed) = (Place.LineStart, 1);
                run = input[..1];
                return false;
        }
        if (input.IndexOf("\r\n."u8) is var found and >= 0)
        {
            (_place, consumed) = (Place.LineStart, found + 2);
        }
        else
        {
            _place = input.EndsWith("\r\n"u8) ? Place.LineStart : input[^1] == '\r' ? Place.AfterCr : Place.Line;
            consumed = input.Length;
        }
        run = input[..consumed];
        return false;
    }
}
