using System.Globalization;

namespace MailCluster.Spool;

/// <summary>
/// Names a spooled message, identically in the 250 reply, <c>Received</c>, events and every log line. Unique over all nodes and disks:
/// the first half is the random id of the spool that accepted the message, the second rises and is never used twice there.
/// </summary>
/// <param name="Spool">The accepting spool's random id.</param>
/// <param name="Number">The message's number there, from 1.</param>
public readonly record struct QueueId(ulong Spool, ulong Number)
{
    /// <summary>False for <c>default</c>.</summary>
    public bool IsPresent => Number != 0;

    /// <summary>Hexadecimal: 16 digits of the spool, a dash, the number.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Spool:x16}-{Number:x}");

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out QueueId id)
    {
        id = default;
        if (text.Length < 18 || text[16] != '-'
            || !ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var spool)
            || !ulong.TryParse(text.AsSpan(17), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }
        id = new(spool, number);
        return true;
    }
}
