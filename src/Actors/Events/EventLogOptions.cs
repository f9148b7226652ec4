namespace MailCluster.Actors.Events;

/// <summary>How the event log uses the disk (<c>mailcluster.events</c>).</summary>
public sealed class EventLogOptions
{
    /// <summary>Whether it is written at all. Default: on.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Octets after which a new file is begun. Default: 256 MiB. A file holds up to a batch of lines more.</summary>
    public long FileSize
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 256L << 20;

    /// <summary>Age after which a new file is begun. Default: 1 day.</summary>
    public TimeSpan FileAge
    {
        get;
        init => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = TimeSpan.FromDays(1);

    /// <summary>How many files are kept, the current one included; the oldest go first. Default: 16, with <see cref="FileSize"/> 4 GiB. The log shares the disk with the spool: more is less room for mail.</summary>
    public int KeepFiles
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 16;

    /// <summary>Files begun longer ago than this are deleted. Default: 30 days.</summary>
    public TimeSpan KeepAge
    {
        get;
        init => field = value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = TimeSpan.FromDays(30);

    /// <summary>Lines that may wait in memory for the disk, about 220 octets each; past it lines are dropped and counted. Default: 32768.</summary>
    public int Waiting
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 32_768;
}
