using System.Globalization;

namespace MailCluster.Spool.CrashWorker;

/// <summary>What a worker does, as it stands on its command line.</summary>
/// <param name="Directory">The spool.</param>
/// <param name="FirstNumber">The first mail's number.</param>
/// <param name="IsCarrying">Small segments, little memory, and much mail that stays: so that carrying never stops.</param>
/// <param name="IsUnsynced">Syncs do nothing after the first <see cref="SyncedAtFirst"/> mails.</param>
/// <param name="IsDrained">No load: all mail is brought to its end.</param>
internal sealed record LoadOptions(string Directory, long FirstNumber, bool IsCarrying, bool IsUnsynced, bool IsDrained)
{
    /// <summary>Mails that are safe even where syncs cease.</summary>
    public const int SyncedAtFirst = 100;

    /// <summary>Octets of a log below which nothing is carried.</summary>
    public long ReclaimAbove => IsCarrying ? 4 << 20 : 32 << 20;

    /// <summary>Octets of a segment.</summary>
    public long SegmentSize => IsCarrying ? 1 << 20 : 4 << 20;

    /// <summary>Mails that are kept for long.</summary>
    public int LongLived => IsCarrying ? 500 : 300;

    public static LoadOptions Parse(ReadOnlySpan<string> arguments)
        => new(arguments[0], long.Parse(arguments[1], CultureInfo.InvariantCulture), arguments.Contains("carrying"), arguments.Contains("unsynced"), arguments.Contains("drained"));

    public IEnumerable<string> ToArguments()
        => [Directory, FirstNumber.ToString(CultureInfo.InvariantCulture), .. IsCarrying ? ["carrying"] : Array.Empty<string>(),
            .. IsUnsynced ? ["unsynced"] : Array.Empty<string>(), .. IsDrained ? ["drained"] : Array.Empty<string>()];

    public SpoolOptions SpoolOptions(SpoolDisk disk) => new()
    {
        Directory = Directory, SegmentSize = SegmentSize, ReclaimAbove = ReclaimAbove, LargeContent = IsCarrying ? 100 << 10 : 256 << 10,
        ContentMemory = IsCarrying ? 4 << 20 : 16 << 20, MinimumFree = 0, MinimumFreeInodes = 0, Disk = disk,
    };
}
