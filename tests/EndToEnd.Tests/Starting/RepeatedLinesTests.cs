using MailCluster.Node.Logging;
using MailCluster.Support;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>A line that is repeated is written once and then counted.</summary>
public class RepeatedLinesTests
{
    [Fact]
    public void The_first_is_written_the_next_are_counted_until_the_interval_is_over()
    {
        var time = new ManualTime();
        var lines = new RepeatedLines(time);
        var hour = TimeSpan.FromHours(1);
        Assert.True(lines.Admit("a", hour, out var held));
        Assert.Equal(0, held);
        for (var i = 0; i < 700; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            Assert.False(lines.Admit("a", hour, out _));
        }

        Assert.True(lines.Admit("b", hour, out _));
        time.Advance(TimeSpan.FromSeconds(200));
        Assert.True(lines.Admit("a", hour, out held));
        Assert.Equal(700, held);
    }
}
