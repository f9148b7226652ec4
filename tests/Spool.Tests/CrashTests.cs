using MailCluster.Spool.CrashWorker;

namespace MailCluster.Spool.Tests;

/// <summary>
/// Processes that are killed while they take, deliver, put off and report mail, on the disk as it is. Of each mail it is known what was promised; the next process
/// says what it finds. With <c>MAILCLUSTER_LONG_TESTS=1</c> there are ten times as many rounds.
/// </summary>
[Collection(CrashCollection.Name)]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "spool-" + Guid.NewGuid().ToString("n"));

    public static int Times => Environment.GetEnvironmentVariable("MAILCLUSTER_LONG_TESTS") == "1" ? 10 : 1;

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public async Task What_was_acknowledged_and_what_was_flushed_outlives_kill_after_kill_under_load()
    {
        var report = await KillRounds.RunAsync(_directory, 12 * Times, Seed(), isCarrying: false);
        output.WriteLine(report.ToString());
        AssertSound(report);
    }

    [Fact]
    public async Task Mail_that_is_carried_forward_all_the_time_outlives_kill_after_kill_and_the_logs_stay_small()
    {
        var report = await KillRounds.RunAsync(_directory, 8 * Times, Seed(), isCarrying: true);
        output.WriteLine(report.ToString());
        AssertSound(report);
        AssertBounded(report);
    }

    [Fact]
    public async Task Mail_that_is_handed_over_to_and_fro_is_in_one_spool_after_kill_after_kill()
    {
        var report = await HandoverRounds.KillAsync(_directory, 8 * Times, Seed());
        output.WriteLine(report.ToString());
        AssertHandedOver(report);
    }

    /// <summary>Nothing lost, doubled, undone or damaged, and enough done to say so.</summary>
    internal static void AssertHandedOver(HandoverReport report)
    {
        Assert.True(report.Violations.Count == 0, report.ToString());
        Assert.True(report is { Acknowledged: > 500, Handed: > 300, Delivered: > 200, Found: > 100 } && report.Had + report.Kept > 20, $"Too little was done: {report}");
    }

    /// <summary>Nothing lost, undone or damaged, and enough done to say so.</summary>
    internal static void AssertSound(CrashReport report)
    {
        Assert.True(report.Violations.Count == 0, report.ToString());
        Assert.Equal(0, report.Lost);
        Assert.True(report is { Acknowledged: > 1000, Reports: > 0, Flushed: > 1000, Compared: > 100 }, $"Too little was done: {report}");
        // Records of outcomes wait for 5 ms or the write before; this is a bound for a machine that does much else.
        Assert.InRange(report.OldestThatCameBack, 0, 5000);
    }

    /// <summary>The logs have at most what they must: each its limit, twice what lives, and some segments on their way in or out.</summary>
    internal static void AssertBounded(CrashReport report)
    {
        var options = new LoadOptions("", 0, IsCarrying: true, IsUnsynced: false, IsDrained: false);
        Assert.True(report.Carried > options.SegmentSize, $"Hardly anything was carried: {report}");
        Assert.True(report.LargestLogs <= (2 * options.ReclaimAbove) + (3 * report.LiveThen) + (12 * options.SegmentSize), report.ToString());
    }

    private int Seed()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        return seed;
    }
}
