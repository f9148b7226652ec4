using FsCheck.Xunit;
using MailCluster.Actors.Queue;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

public sealed class RetryScheduleTests
{
    private static readonly RetrySchedule Schedule = new(new());

    public static TheoryData<int, double, double> Waits => new()
    {
        { 1, 0.5, 5 },
        { 2, 0.5, 10 },
        { 6, 0.5, 160 },
        { 7, 0.5, 240 },
        { 5000, 0.5, 240 },
        { 1, 0, 4.5 },
        { 1, 1, 5.5 },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public void Waits_grow_by_the_factor_up_to_the_longest_varied_by_the_jitter(int attempts, double random, double minutes) =>
        Assert.Equal(minutes, Schedule.Wait(attempts, random).TotalMinutes, 6);

    [Property]
    public void An_attempt_is_never_past_the_end_and_each_failure_brings_the_end_nearer(int seed)
    {
        var random = new Random(seed);
        var options = new RetryOptions { First = TimeSpan.FromSeconds(random.Next(1, 600)), Factor = 1 + random.NextDouble() * 3, Lifetime = TimeSpan.FromSeconds(random.Next(1, 100_000)) };
        var schedule = new RetrySchedule(options);
        var now = Start;
        var attempts = 0;
        while (now < schedule.ExpiryOf(Start))
        {
            var next = schedule.NextAttempt(++attempts, Start, now, random.NextDouble());
            Assert.True(next > now && next <= schedule.ExpiryOf(Start));
            now = next;
            Assert.True(attempts < 1_000_000);
        }
    }

    [Fact]
    public void A_wait_that_would_end_past_the_end_leaves_a_last_attempt_before_it()
    {
        var end = Schedule.ExpiryOf(Start);
        Assert.Equal(end - TimeSpan.FromMinutes(5), Schedule.NextAttempt(20, Start, end - TimeSpan.FromHours(1), 0.5));
        Assert.Equal(end, Schedule.NextAttempt(21, Start, end - TimeSpan.FromMinutes(5), 0.5));
    }

    [Fact]
    public void No_notice_where_none_is_wanted() =>
        Assert.Equal(DateTimeOffset.MaxValue, new RetrySchedule(new() { DelayNotice = TimeSpan.Zero }).NoticeOf(Start));
}
