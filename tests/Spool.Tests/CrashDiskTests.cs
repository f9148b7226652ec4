using System.Diagnostics;
using System.Globalization;
using MailCluster.Spool.CrashWorker;

namespace MailCluster.Spool.Tests;

/// <summary>
/// Disks that lose power and disks that are full: real file systems, each in a mount namespace of its own, which only root may make. With
/// <c>MAILCLUSTER_LONG_TESTS=1</c> there are ten times as many rounds.
/// </summary>
[Collection(CrashCollection.Name)]
public sealed class CrashDiskTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("spool-disk-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_was_acknowledged_and_what_was_flushed_outlives_power_cut_after_power_cut_under_load()
        => CrashTests.AssertSound(await CutAsync(8 * CrashTests.Times));

    [Fact]
    public async Task Mail_that_is_carried_forward_all_the_time_outlives_power_cut_after_power_cut_and_the_logs_stay_small()
    {
        var report = await CutAsync(6 * CrashTests.Times, "carrying");
        CrashTests.AssertSound(report);
        CrashTests.AssertBounded(report);
    }

    [Fact]
    public async Task Mail_that_is_handed_over_to_and_fro_is_in_one_spool_after_power_cut_after_power_cut()
    {
        var report = HandoverReport.Parse(await RunAsync("handover-cuts", _directory, (6 * CrashTests.Times).ToString(CultureInfo.InvariantCulture), Environment.TickCount.ToString(CultureInfo.InvariantCulture)));
        output.WriteLine(report.ToString());
        CrashTests.AssertHandedOver(report);
    }

    [Fact]
    public async Task A_spool_whose_syncs_do_nothing_loses_mail_in_each_power_cut()
    {
        var report = await CutAsync(3, "unsynced");
        Assert.True(report.Lost > 0, $"These power cuts show nothing, since even without a sync nothing was lost: {report}");
    }

    [Theory]
    [InlineData("octets")]
    [InlineData("inodes")]
    [InlineData("octets,foreign")]
    [InlineData("inodes,foreign")]
    public async Task A_full_disk_refuses_mail_in_time_keeps_what_it_has_records_outcomes_restarts_and_empties_itself(string what)
    {
        var report = CrashReport.Parse(await RunAsync(["full-disk", _directory, what]));
        output.WriteLine(report.ToString());
        Assert.True(report.Violations.Count == 0, report.ToString());
    }

    private async Task<CrashReport> CutAsync(int rounds, params string[] options)
    {
        var report = CrashReport.Parse(await RunAsync(["power-cuts", _directory, rounds.ToString(CultureInfo.InvariantCulture), Environment.TickCount.ToString(CultureInfo.InvariantCulture), .. options]));
        output.WriteLine(report.ToString());
        return report;
    }

    /// <summary>Runs the worker in a mount namespace of its own, and returns its last line.</summary>
    private async Task<string> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux may mount the file system that this test needs.");
        output.WriteLine(string.Join(' ', arguments));
        using var process = new Process
        {
            StartInfo = new("unshare", ["-m", "--propagation", "private", "dotnet", Path.Combine(AppContext.BaseDirectory, "MailCluster.CrashWorker.dll"), .. arguments])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, Environment = { [LoopDisk.OuterNamespace] = LoopDisk.Namespace() },
            },
        };
        process.Start();
        try
        {
            var (lines, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5 * CrashTests.Times));
            Assert.SkipWhen(process.ExitCode == 77, $"This machine does not let root mount a file system: {await errors}");
            Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{await lines}\n{await errors}");
            return (await lines).TrimEnd('\n').Split('\n')[^1];
        }
        finally
        {
            if (!process.HasExited)
            {
                // Its own children too; with the last of them the namespace ends, and in it mount and loop device.
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
        }
    }
}
