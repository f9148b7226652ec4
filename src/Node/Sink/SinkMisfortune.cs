using System.Globalization;
using System.Text;

namespace MailCluster.Node.Sink;

/// <summary>One thing that goes wrong at one step.</summary>
/// <param name="Step">Where.</param>
/// <param name="Kind">What.</param>
/// <param name="Reply">For <see cref="SinkMisfortuneKind.Reply"/>: the reply without CRLF.</param>
/// <param name="Delay">For <see cref="SinkMisfortuneKind.Delay"/>: how long.</param>
/// <param name="Once">True where it meets an address only the first time, as greylisting does.</param>
internal sealed record SinkMisfortune(SinkStep Step, SinkMisfortuneKind Kind, string? Reply = null, TimeSpan Delay = default, bool Once = false)
{
    /// <summary>Reads <c>STEP=CODE[ TEXT]</c>.</summary>
    public static SinkMisfortune? ParseReply(string text) =>
        Split(text) is var (step, reply) && IsRefusal(reply.AsSpan(0, Math.Min(3, reply.Length))) && (reply.Length == 3 || reply[3] is ' ' or '-')
            ? new(step, SinkMisfortuneKind.Reply, reply.Length > 4 ? reply : Usual(reply[..3]))
            : null;

    /// <summary>Reads <c>STEP=DURATION</c>, a number with <c>ms</c>, <c>s</c> or <c>m</c>.</summary>
    public static SinkMisfortune? ParseDelay(string text) =>
        Split(text) is var (step, wait) && ParseDuration(wait) is { } delay ? new(step, SinkMisfortuneKind.Delay, Delay: delay) : null;

    /// <summary>Reads a step's name.</summary>
    public static SinkStep? ParseStep(ReadOnlySpan<char> name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0]) && Enum.TryParse<SinkStep>(name, ignoreCase: true, out var step) ? step : null;

    /// <summary>Reads a number with <c>ms</c>, <c>s</c> or <c>m</c>.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var unit = text.AsSpan().TrimStart("0123456789.");
        return double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? unit switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                _ => null,
            }
            : null;
    }

    /// <summary>
    /// Reads what an address asks for: <c>450-at-rcpt</c>, <c>hangup-at-dot</c>, <c>hangup-after-dot</c>, <c>slow-at-mail</c>, <c>silent-at-data</c>,
    /// <c>garbage-at-rcpt</c>, <c>endless-at-rcpt</c>, <c>450-once-at-rcpt</c>; the local part may go on after <c>+</c>, <c>.</c> or <c>_</c>.
    /// </summary>
    /// <param name="address">The octets between the angle brackets.</param>
    /// <param name="slow">What <c>slow</c> means.</param>
    public static SinkMisfortune? OfAddress(ReadOnlySpan<byte> address, TimeSpan slow)
    {
        var (at, after) = (address.IndexOf("-at-"u8), -1);
        if (at < 0 && (after = address.IndexOf("-after-"u8)) < 0)
        {
            return null;
        }
        var what = Encoding.Latin1.GetString(address[..Math.Max(at, after)]);
        var rest = address[(at >= 0 ? at + 4 : after + 7)..];
        var end = rest.IndexOfAny("@+._"u8);
        if (ParseStep(Encoding.Latin1.GetString(end < 0 ? rest : rest[..end])) is not { } step)
        {
            return null;
        }
        var once = what.EndsWith("-once", StringComparison.Ordinal);
        what = once ? what[..^5] : what;
        return (what, after >= 0) switch
        {
            ("hangup", true) => new(step, SinkMisfortuneKind.HangUpAfter, Once: once),
            (_, true) => null,
            ("hangup", _) => new(step, SinkMisfortuneKind.HangUp, Once: once),
            ("slow", _) => new(step, SinkMisfortuneKind.Delay, Delay: slow, Once: once),
            ("silent", _) => new(step, SinkMisfortuneKind.Silence, Once: once),
            ("garbage", _) => new(step, SinkMisfortuneKind.Garbage, Once: once),
            ("endless", _) => new(step, SinkMisfortuneKind.Endless, Once: once),
            _ when what.Length == 3 && IsRefusal(what) => new(step, SinkMisfortuneKind.Reply, Usual(what), Once: once),
            _ => null,
        };
    }

    private static (SinkStep, string)? Split(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && ParseStep(text.AsSpan(0, equals)) is { } step ? (step, text[(equals + 1)..]) : null;
    }

    private static bool IsRefusal(ReadOnlySpan<char> code) => code is ['4' or '5', >= '0' and <= '9', >= '0' and <= '9'];

    private static string Usual(string code) => code switch
    {
        "421" => "421 4.3.2 Closing on request",
        "450" => "450 4.2.1 Mailbox busy on request",
        "451" => "451 4.3.0 Local error on request",
        "452" => "452 4.2.2 Mailbox full on request",
        "550" => "550 5.1.1 No such mailbox on request",
        "552" => "552 5.3.4 Too large on request",
        "554" => "554 5.7.1 Refused on request",
        ['4', ..] => $"{code} 4.0.0 Not now on request",
        _ => $"{code} 5.0.0 Not ever on request",
    };
}
