using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>One history of mail that is handed over to and fro, in which every step of the donor's or the receiver's disk fails in turn, or is the last.</summary>
public class HandoverFaultTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(0, Misfortune.Failure)]
    [InlineData(0, Misfortune.Stop)]
    [InlineData(0, Misfortune.PowerCut)]
    [InlineData(1, Misfortune.Failure)]
    [InlineData(1, Misfortune.Stop)]
    [InlineData(1, Misfortune.PowerCut)]
    public async Task A_failure_or_a_stop_at_any_step_leaves_each_message_in_exactly_one_spool(int failing, Misfortune misfortune)
    {
        var steps = 0;
        var (carried, kept) = (0, 0);
        for (var step = 1; ; step++)
        {
            var disks = new[] { new FaultyDisk { Stops = misfortune != Misfortune.Failure }, new FaultyDisk { Stops = misfortune != Misfortune.Failure } };
            disks[failing].FailAt = step;
            var history = new HandoverHistory(disks[0], disks[1]);
            await history.Run();
            if (misfortune == Misfortune.PowerCut)
            {
                disks[failing].CutPower(new Random(step));
            }
            await history.Check($"{"ab"[failing]} stopped or failed at step {step}");
            carried += history.HasCarried ? 1 : 0;
            kept += history.HasReceivedFile ? 1 : 0;
            if (!disks[failing].HasFailed)
            {
                break;
            }
            steps++;
        }
        output.WriteLine($"{steps} steps, {carried} carried, {kept} dropped what was received");
        Assert.True(steps > 60, $"The history took only {steps} steps.");
        Assert.True(carried > 10, $"Only {carried} histories came to carrying.");
        Assert.True(kept > 10, $"Only {kept} histories came to dropping what was received.");
    }

    public enum Misfortune
    {
        /// <summary>The step fails, and the disk goes on.</summary>
        Failure,
        /// <summary>Nothing happens on the disk any more.</summary>
        Stop,
        /// <summary>The same, and what was not synced is lost in part.</summary>
        PowerCut,
    }
}
