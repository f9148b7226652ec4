using MailCluster.Actors.Reports;
using MailCluster.Spool;

namespace MailCluster.Actors.Tests.Reports;

public sealed class ReportStateTests
{
    private static readonly QueueId A = new(1, 1);
    private static readonly QueueId B = new(1, 2);

    private readonly ReportState _state = new();
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void What_comes_close_together_goes_into_one_report()
    {
        for (var i = 0; i < 5; i++)
        {
            _state.Owe(A, new(i % 3), _now);
            Assert.Null(Begin());
            Pass(1);
        }
        Assert.Null(Begin());
        Pass(1);
        Assert.Equal([new(0), new(1), new(2)], Begin()!.Owed.OrderBy(entry => entry.Index));
    }

    [Fact]
    public void A_report_waits_ten_seconds_at_most()
    {
        for (var second = 0; second < 10; second++)
        {
            _state.Owe(A, new(1), _now);
            Assert.Null(Begin());
            Pass(1);
        }
        Assert.NotNull(Begin());
    }

    [Fact]
    public void What_is_told_while_a_report_is_under_way_makes_another_and_never_two_at_a_time()
    {
        _state.Owe(A, new(1), _now);
        Pass(2);
        var first = Begin()!;
        _state.Owe(A, new(1), _now);
        Pass(60);
        Assert.Null(Begin());

        _state.Written(first, _now);
        var second = Begin()!;
        Assert.Equal([new(1)], second.Owed);
        _state.Written(second, _now);
        Assert.Equal((0, 0, null), (_state.Count, _state.UnderWay, _state.NextAt));
    }

    [Fact]
    public void What_cannot_be_written_stays_and_waits_longer_each_time()
    {
        _state.Owe(A, new(1), _now);
        _state.Delay(A, new(2), _now.AddDays(5), _now);
        Pass(2);
        var waits = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            var report = Begin()!;
            Assert.Equal([new(1)], report.Owed);
            Assert.Equal([KeyValuePair.Create(new EntryRef(2), DateTimeOffset.UnixEpoch.AddDays(5))], report.Delayed);
            waits.Add(_state.PutOff(report, isSpool: false, _now).TotalSeconds);
            Assert.Null(Begin());
            Pass(waits[^1]);
        }
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
    }

    [Fact]
    public void A_spool_that_fails_makes_all_wait()
    {
        _state.Owe(A, new(1), _now);
        _state.Owe(B, new(2), _now);
        Pass(2);
        var (first, second) = (Begin()!, Begin()!);
        _state.PutOff(first, isSpool: true, _now);
        _state.PutOff(second, isSpool: true, _now);     // the same failure
        _state.Owe(new(1, 3), new(3), _now.AddSeconds(-5));
        Assert.Null(Begin());
        Pass(1);
        var again = Begin()!;
        _state.PutOff(again, isSpool: true, _now);
        Pass(1.9);
        Assert.Null(Begin());
        Pass(0.1);
        Assert.NotNull(Begin());
    }

    [Fact]
    public void A_storm_is_written_a_few_at_a_time_and_to_the_end()
    {
        for (var i = 0; i < 1000; i++)
        {
            _state.Owe(new(1, (ulong)i + 1), new(i), _now);
        }
        Pass(2);
        var seen = new HashSet<QueueId>();
        var underWay = new Queue<GatheredReport>();
        while (_state.Count > 0)
        {
            while (Begin() is { } report)
            {
                Assert.True(seen.Add(report.Id));
                underWay.Enqueue(report);
            }
            Assert.InRange(underWay.Count, 1, ReportState.Concurrency);
            _state.Written(underWay.Dequeue(), _now);
        }
        Assert.Equal(1000, seen.Count);
    }

    [Fact]
    public void Without_leave_nothing_begins()
    {
        _state.Owe(A, new(1), _now);
        Pass(5);
        Assert.Null(_state.Begin(0, _now));
        Assert.NotNull(_state.NextAt);
    }

    private GatheredReport? Begin() => _state.Begin(ReportState.Concurrency, _now);

    private void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds);
}
