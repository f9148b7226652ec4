namespace MailCluster.Protocol.Commands;

/// <summary>Reads one command line (RFC 5321 section 4.1). Never throws on input.</summary>
public static class CommandParser
{
    /// <summary>Parses a line without its CRLF.</summary>
    /// <param name="line">The octets before CRLF, within the length limit.</param>
    public static Command Parse(ReadOnlySpan<byte> line) => throw new NotSupportedException(line.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
