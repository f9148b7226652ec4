using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>One history, in which every step that the spool does to the disk fails in turn, or is the last.</summary>
public class FaultTests
{
    [Fact]
    public async Task A_failed_step_loses_nothing_and_nothing_comes_back()
    {
        var steps = 0;
        for (var step = 1; ; step++)
        {
            var directory = SpoolFixture.NewDirectory();
            var disk = new FaultyDisk { FailAt = step };
            var history = new History();
            await history.Run(directory, disk);
            await history.Check(directory, $"step {step} failed", outcomesMayBeLost: false);
            Directory.Delete(directory, recursive: true);
            if (!disk.HasFailed)
            {
                break;
            }
            steps++;
        }
        Assert.True(steps > 60, $"The history took only {steps} steps.");
    }

    [Fact]
    public async Task Two_failed_steps_in_a_row_lose_nothing()
    {
        for (var step = 1; ; step += 3)
        {
            var directory = SpoolFixture.NewDirectory();
            var disk = new FaultyDisk { FailAt = step, Failures = 6 };
            var history = new History();
            await history.Run(directory, disk);
            await history.Check(directory, $"steps {step} to {step + 5} failed", outcomesMayBeLost: true);
            Directory.Delete(directory, recursive: true);
            if (!disk.HasFailed)
            {
                break;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_at_any_step_loses_nothing_acknowledged(bool powerCut)
    {
        var steps = 0;
        var carried = 0;
        for (var step = 1; ; step++)
        {
            var directory = SpoolFixture.NewDirectory();
            var disk = new FaultyDisk { FailAt = step, Stops = true };
            var history = new History();
            await history.Run(directory, disk);
            if (powerCut)
            {
                disk.CutPower(new Random(step));
            }
            await history.Check(directory, $"stopped at step {step}", outcomesMayBeLost: true);
            carried += history.HasCarried ? 1 : 0;
            Directory.Delete(directory, recursive: true);
            if (!disk.HasFailed)
            {
                break;
            }
            steps++;
        }
        Assert.True(steps > 60, $"The history took only {steps} steps.");
        Assert.True(carried > 20, $"Only {carried} histories came to carrying.");
    }
}
