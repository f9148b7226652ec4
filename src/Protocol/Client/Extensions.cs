using System.Globalization;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

/// <summary>What a peer offered in its reply to EHLO (RFC 5321 section 4.1.1.1). Keywords that we have no use for are passed over.</summary>
public sealed record Extensions
{
    /// <summary>What a host without EHLO offers.</summary>
    public static Extensions None { get; } = new();

    /// <summary>PIPELINING (RFC 2920).</summary>
    public bool Pipelining { get; init; }

    /// <summary>8BITMIME (RFC 6152).</summary>
    public bool EightBitMime { get; init; }

    /// <summary>SMTPUTF8 (RFC 6531).</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>CHUNKING (RFC 3030).</summary>
    public bool Chunking { get; init; }

    /// <summary>DSN (RFC 3461).</summary>
    public bool Dsn { get; init; }

    /// <summary>STARTTLS (RFC 3207).</summary>
    public bool StartTls { get; init; }

    /// <summary>SIZE (RFC 1870).</summary>
    public bool Size { get; init; }

    /// <summary>The largest message it takes, in octets; 0 where it names no limit.</summary>
    public long SizeLimit { get; init; }

    /// <summary>RCPTMAX of LIMITS (RFC 9422): recipients of one transaction; <see cref="int.MaxValue"/> where it names none.</summary>
    public int RecipientLimit { get; init; } = int.MaxValue;

    /// <summary>MAILMAX of LIMITS: transactions of one connection; <see cref="int.MaxValue"/> where it names none.</summary>
    public int MailLimit { get; init; } = int.MaxValue;

    /// <summary>Reads the keyword lines: all but the first.</summary>
    public static Extensions Parse(Reply reply)
    {
        var found = None;
        for (var i = 1; i < reply.Lines.Length; i++)
        {
            var words = reply.Lines[i].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            found = words.Length == 0 ? found : words[0].ToUpperInvariant() switch
            {
                "PIPELINING" => found with { Pipelining = true },
                "8BITMIME" => found with { EightBitMime = true },
                "SMTPUTF8" => found with { SmtpUtf8 = true },
                "CHUNKING" => found with { Chunking = true },
                "DSN" => found with { Dsn = true },
                "STARTTLS" => found with { StartTls = true },
                "SIZE" => found with { Size = true, SizeLimit = words.Length > 1 && TryReadNumber(words[1], out var limit) ? limit : 0 },
                "LIMITS" => ReadLimits(found, words.AsSpan(1)),
                _ => found,
            };
        }
        return found;
    }

    private static Extensions ReadLimits(Extensions found, ReadOnlySpan<string> limits)
    {
        foreach (var limit in limits)
        {
            var equals = limit.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && TryReadNumber(limit.AsSpan(equals + 1), out var value) && value > 0)
            {
                var bounded = (int)Math.Min(value, int.MaxValue);
                found = limit[..equals].ToUpperInvariant() switch
                {
                    "RCPTMAX" => found with { RecipientLimit = bounded },
                    "MAILMAX" => found with { MailLimit = bounded },
                    _ => found,
                };
            }
        }
        return found;
    }

    private static bool TryReadNumber(ReadOnlySpan<char> text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
