using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Node.Configuration;

/// <summary>How each kind of value is written in <c>cluster.hocon</c>.</summary>
internal static class Formats
{
    /// <summary>Any text.</summary>
    public static readonly ValueFormat<string> Text = new("text", text => text, text => text);

    /// <summary>A switch.</summary>
    public static readonly ValueFormat<bool> Switch = new("on or off", text => text switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => Parsed<bool>.No(),
    }, value => value ? "on" : "off");

    /// <summary>A whole number.</summary>
    public static readonly ValueFormat<int> Integer = new("a whole number",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : Parsed<int>.No(),
        value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A whole number that may be large.</summary>
    public static readonly ValueFormat<long> Long = new("a whole number",
        text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : Parsed<long>.No(),
        value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number with or without decimals.</summary>
    public static readonly ValueFormat<double> Number = new("a number",
        text => double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value : Parsed<double>.No(),
        value => value.ToString(CultureInfo.InvariantCulture));

    private static readonly FrozenDictionary<string, TimeSpan> DurationUnits = new Dictionary<string, TimeSpan>
    {
        ["ms"] = TimeSpan.FromMilliseconds(1), ["millisecond"] = TimeSpan.FromMilliseconds(1), ["milliseconds"] = TimeSpan.FromMilliseconds(1),
        ["s"] = TimeSpan.FromSeconds(1), ["second"] = TimeSpan.FromSeconds(1), ["seconds"] = TimeSpan.FromSeconds(1),
        ["m"] = TimeSpan.FromMinutes(1), ["minute"] = TimeSpan.FromMinutes(1), ["minutes"] = TimeSpan.FromMinutes(1),
        ["h"] = TimeSpan.FromHours(1), ["hour"] = TimeSpan.FromHours(1), ["hours"] = TimeSpan.FromHours(1),
        ["d"] = TimeSpan.FromDays(1), ["day"] = TimeSpan.FromDays(1), ["days"] = TimeSpan.FromDays(1),
    }.ToFrozenDictionary();

    /// <summary>A length of time. A bare number is refused: HOCON would read 30 as 30 ms.</summary>
    public static readonly ValueFormat<TimeSpan> Duration = new("a duration with its unit, such as 500ms, 30s, 5m, 4h or 5d", text =>
    {
        if (!SplitUnit(text, out var number, out var unit)) return Parsed<TimeSpan>.No();
        if (unit.Length == 0) return number == 0 ? TimeSpan.Zero : Parsed<TimeSpan>.No("the unit is missing");
        if (!DurationUnits.TryGetValue(unit, out var one)) return Parsed<TimeSpan>.No($"\"{unit}\" is no unit of time");
        var milliseconds = number * (decimal)one.TotalMilliseconds;
        return milliseconds > 100L * 365 * 24 * 3600 * 1000 ? Parsed<TimeSpan>.No("that is over a hundred years") : TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond));
    }, PrintDuration);

    private static readonly FrozenDictionary<string, long> SizeUnits = new Dictionary<string, long>
    {
        ["B"] = 1, ["byte"] = 1, ["bytes"] = 1,
        ["kB"] = 1_000, ["KB"] = 1_000, ["MB"] = 1_000_000, ["GB"] = 1_000_000_000, ["TB"] = 1_000_000_000_000,
        ["KiB"] = 1L << 10, ["MiB"] = 1L << 20, ["GiB"] = 1L << 30, ["TiB"] = 1L << 40,
    }.ToFrozenDictionary();

    /// <summary>A number of octets. A bare number and a bare K, M or G are refused: in HOCON 50M is 50 MiB and 50MB is not.</summary>
    public static readonly ValueFormat<long> Size = new("a size with its unit, such as 100 KiB, 50 MiB or 50 MB", text =>
    {
        if (!SplitUnit(text, out var number, out var unit)) return Parsed<long>.No();
        if (unit.Length == 0) return number == 0 ? 0L : Parsed<long>.No("the unit is missing");
        if (unit is "k" or "K" or "m" or "M" or "g" or "G" or "t" or "T")
        {
            var u = unit.ToUpperInvariant();
            return Parsed<long>.No($"\"{unit}\" may mean two things; write {u}iB (1024) or {u}B (1000)");
        }

        if (!SizeUnits.TryGetValue(unit, out var one)) return Parsed<long>.No($"\"{unit}\" is no unit of size");
        var octets = number * one;
        return octets > (1L << 60) ? Parsed<long>.No("that is over an exbibyte") : (long)octets;
    }, PrintSize);

    /// <summary>Where to listen: an address and a port.</summary>
    public static readonly ValueFormat<IPEndPoint> EndPoint = new("an address and a port, such as 127.0.0.1:2525, 0.0.0.0:25 or [::1]:2525",
        text => TryEndPoint(text, out var value) ? value : Parsed<IPEndPoint>.No(), value => value.ToString());

    /// <summary>A name server: an address, and a port unless it is 53.</summary>
    public static readonly ValueFormat<IPEndPoint> NameServer = new("an address, with a port unless it is 53, such as 192.0.2.53 or 127.0.0.1:5353",
        text => TryEndPoint(text, out var value) && value.Port > 0 ? value : TryAddress(text, out var address) ? new IPEndPoint(address, 53) : Parsed<IPEndPoint>.No(),
        value => value.ToString());

    /// <summary>A network in CIDR form, or one address. The whole internet is refused: to list it is to be an open relay.</summary>
    public static readonly ValueFormat<IPNetwork> Network = NetworkUnless("everyone could send anything to anyone: an open relay");

    /// <summary>The same for load balancers.</summary>
    public static readonly ValueFormat<IPNetwork> PeerNetwork = NetworkUnless("whoever reaches the port could say that he is any client, one that may relay too; name the load balancers, or their subnets");

    /// <param name="everyone">What is wrong with the whole internet.</param>
    private static ValueFormat<IPNetwork> NetworkUnless(string everyone) => new("a network such as 192.0.2.0/24 or 2001:db8::/32, or an address", text =>
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryAddress(slash < 0 ? text : text[..slash], out var address)) return Parsed<IPNetwork>.No();
        if (address.IsIPv4MappedToIPv6) return Parsed<IPNetwork>.No("write an IPv4 network in its own form; clients are compared so");
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = bits;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bits)) return Parsed<IPNetwork>.No();
        if (prefix == 0) return Parsed<IPNetwork>.No(everyone);
        var octets = address.GetAddressBytes();
        for (var bit = prefix; bit < bits; bit++)
        {
            if ((octets[bit / 8] & (0x80 >> (bit % 8))) != 0) return Parsed<IPNetwork>.No($"the address has bits beyond the first {prefix}");
        }

        return new IPNetwork(address, prefix);
    }, value => value.ToString());

    /// <summary>One of a few words.</summary>
    public static ValueFormat<T> Choice<T>(params (string Word, T Value)[] words)
        where T : notnull
    {
        var names = words.Select(word => word.Word).ToArray();
        return new(names.Length == 1 ? names[0] : string.Join(", ", names[..^1]) + " or " + names[^1],
            text => words.FirstOrDefault(word => word.Word == text) is { Word: not null } found ? found.Value : Parsed<T>.No(),
            value => words.First(word => word.Value.Equals(value)).Word);
    }

    /// <summary>An IPv4 address with four parts, or an IPv6 address; without the shorter forms that the runtime would take ("10.1" for 10.0.0.1).</summary>
    public static bool TryAddress(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Length == 0 || text.Any(char.IsWhiteSpace)) return false;
        if (!IPAddress.TryParse(text, out var parsed)) return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text) return false;
        if (text[0] == '[') return false;
        address = parsed;
        return true;
    }

    private static bool TryEndPoint(string text, out IPEndPoint value)
    {
        value = new(IPAddress.None, 0);
        var colon = text.LastIndexOf(':');
        if (colon <= 0) return false;
        var host = text[..colon];
        if (host is ['[', .., ']']) host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal)) return false;
        if (!TryAddress(host, out var address) || !TryPort(text[(colon + 1)..], out var port)) return false;
        value = new(address, port);
        return true;
    }

    /// <summary>0 to 65535.</summary>
    public static bool TryPort(string text, out int port) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535;

    private static bool SplitUnit(string text, out decimal number, out string unit)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.')) end++;
        unit = text[end..].Trim();
        return decimal.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && number < 1_000_000_000_000_000m;
    }

    private static string PrintDuration(TimeSpan value)
    {
        (string Unit, TimeSpan One)[] units = [("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1))];
        if (value == TimeSpan.Zero) return "0s";
        foreach (var (unit, one) in units)
        {
            if (value.Ticks % one.Ticks == 0) return string.Create(CultureInfo.InvariantCulture, $"{value.Ticks / one.Ticks}{unit}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds}ms");
    }

    private static string PrintSize(long value)
    {
        (string Unit, long One)[] units = [("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("MB", 1_000_000), ("kB", 1000)];
        if (value == 0) return "0 B";
        foreach (var (unit, one) in units)
        {
            if (value % one == 0) return string.Create(CultureInfo.InvariantCulture, $"{value / one} {unit}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value} B");
    }
}
