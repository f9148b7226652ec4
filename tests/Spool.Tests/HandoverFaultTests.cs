using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>One history of mail that is handed over to and fro, in which the donor's or the receiver's disk stops at every step in turn.</summary>
public class HandoverFaultTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(1, true)]
    public async Task A_stop_at_any_step_leaves_each_message_in_exactly_one_spool(int stopping, bool powerCut)
    {
        var steps = 0;
        var (carried, kept) = (0, 0);
        for (var step = 1; ; step++)
        {
            var disks = new[] { new FaultyDisk { Stops = true }, new FaultyDisk { Stops = true } };
            disks[stopping].FailAt = step;
            var history = new HandoverHistory(disks[0], disks[1]);
            await history.Run();
            if (powerCut)
            {
                disks[stopping].CutPower(new Random(step));
            }
            await history.Check($"{"ab"[stopping]} stopped at step {step}");
            carried += history.HasCarried ? 1 : 0;
            kept += history.HasReceivedFile ? 1 : 0;
            if (!disks[stopping].HasFailed)
            {
                break;
            }
            steps++;
        }
        Assert.True(steps > 60, $"The history took only {steps} steps.");
        Assert.True(carried > 10, $"Only {carried} histories came to carrying.");
        Assert.True(kept > 10, $"Only {kept} histories came to dropping what was received.");
    }
}
