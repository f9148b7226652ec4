using FsCheck.Xunit;
using MailCluster.Actors.Queue;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

public sealed class TimerWheelTests
{
    [Property(MaxTest = 200)]
    public void Fires_each_timer_once_never_early_and_at_most_a_tick_late_when_advanced_to_its_next_times(int seed)
    {
        var random = new Random(seed);
        var wheel = new TimerWheel(Start);
        var expected = new Dictionary<int, DateTimeOffset>();
        var fired = new List<int>();
        var now = Start;
        for (var i = 0; i < 300; i++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var number = random.Next(50);
                    var at = now + TimeSpan.FromMilliseconds(Math.Pow(10, random.NextDouble() * 9.5) - 100);
                    wheel.Set(number, at);
                    expected[number] = at;
                    break;
                case 2:
                    number = random.Next(50);
                    wheel.Cancel(number);
                    expected.Remove(number);
                    break;
                default:
                    var target = now + TimeSpan.FromMilliseconds(Math.Pow(10, random.NextDouble() * 7));
                    while (wheel.NextTime is { } next && next <= target)
                    {
                        now = next > now ? next : now;
                        Advance();
                    }
                    now = target;
                    Advance();
                    break;
            }
            Assert.Equal(expected.Count, wheel.Count);
        }

        void Advance()
        {
            fired.Clear();
            wheel.Advance(now, fired);
            foreach (var number in fired)
            {
                Assert.True(expected.Remove(number, out var at), "fired twice, or though it was cancelled");
                Assert.True(at <= now, "fired early");
            }
            Assert.DoesNotContain(expected, e => e.Value <= now - TimerWheel.Tick);
        }
    }

    [Fact]
    public void Wakes_at_most_once_a_level_for_a_timer_far_away()
    {
        var wheel = new TimerWheel(Start);
        wheel.Set(7, Start + TimeSpan.FromDays(5) + TimeSpan.FromMilliseconds(1234));
        var fired = new List<int>();
        var wakes = 0;
        while (fired.Count == 0)
        {
            wakes++;
            wheel.Advance(wheel.NextTime!.Value, fired);
        }
        Assert.Equal([7], fired);
        Assert.InRange(wakes, 1, 6);
    }

    [Fact]
    public void Begins_anew_when_the_clock_has_gone_back()
    {
        var wheel = new TimerWheel(Start);
        wheel.Advance(Start + TimeSpan.FromHours(1), []);
        Assert.True(wheel.MustBeginAnew(Start));
        wheel.Clear(Start);
        wheel.Set(1, Start + TimeSpan.FromMinutes(1));
        Assert.InRange(wheel.NextTime!.Value, Start, Start + TimeSpan.FromMinutes(1) + TimerWheel.Tick);
    }
}
