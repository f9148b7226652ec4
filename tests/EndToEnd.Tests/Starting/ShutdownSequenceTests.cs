using MailCluster.Node.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>The order of stopping, and what happens when a step does not do as it should.</summary>
public class ShutdownSequenceTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    private readonly List<string> _ran = [];

    private ShutdownStep Step(string name) => new(name, Long, _ =>
    {
        _ran.Add(name);
        return Task.CompletedTask;
    });

    private static ShutdownSequence Sequence(ILogger logger, params ShutdownStep[] steps) => new(steps, TimeProvider.System, logger);

    [Fact]
    public async Task Runs_the_steps_one_after_the_other()
    {
        var gate = new TaskCompletionSource();
        using var sequence = Sequence(NullLogger.Instance, Step("a"), new("b", Long, _ => gate.Task), Step("c"));
        var run = sequence.RunAsync();
        Assert.Equal(["a"], _ran);
        Assert.False(run.IsCompleted);
        gate.SetResult();
        await run;
        Assert.Equal(["a", "c"], _ran);
    }

    [Fact]
    public async Task Goes_on_after_a_step_that_fails_and_says_so()
    {
        var log = new RecordingLogger();
        using var sequence = Sequence(log, new("broken", Long, _ => throw new IOException("disk")), new("broken later", Long, _ => Task.FromException(new IOException("disk"))), Step("next"));
        await sequence.RunAsync();
        Assert.Equal(["next"], _ran);
        Assert.Equal(2, log.Lines.Count(line => line.Level == LogLevel.Error && line.Text.Contains("broken", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Goes_on_after_a_step_whose_time_is_over_and_says_so()
    {
        var log = new RecordingLogger();
        using var sequence = Sequence(log, new("slow", Short, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation)), Step("next"));
        await sequence.RunAsync();
        Assert.Equal(["next"], _ran);
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("slow did not end", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leaves_a_step_behind_that_does_not_notice_its_end()
    {
        var log = new RecordingLogger();
        using var sequence = Sequence(log, new("deaf", Short, _ => new TaskCompletionSource().Task), Step("next"));
        await sequence.RunAsync();
        Assert.Equal(["next"], _ran);
        Assert.Contains(log.Lines, line => line.Text.Contains("deaf did not end", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Waits_as_long_as_it_should_where_nobody_hastens()
    {
        using var sequence = Sequence(NullLogger.Instance, new("wait", TimeSpan.FromMilliseconds(200), cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation), Waits: true), Step("next"));
        var began = TimeProvider.System.GetTimestamp();
        await sequence.RunAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromMilliseconds(190), TimeSpan.FromSeconds(30));
        Assert.Equal(["next"], _ran);
    }

    [Fact]
    public async Task A_wait_is_cut_short_when_hastened_and_other_steps_are_not()
    {
        var gate = new TaskCompletionSource();
        var log = new RecordingLogger();
        using var sequence = Sequence(log,
            new("wait", Long, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation), Waits: true),
            new("deliveries", Long, cancellation => gate.Task.WaitAsync(cancellation)),
            new("another wait", Long, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation), Waits: true),
            Step("next"));
        var run = sequence.RunAsync();
        sequence.Hasten();
        Assert.False(run.IsCompleted);
        gate.SetResult();
        await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["next"], _ran);
        Assert.DoesNotContain(log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_step_without_time_is_over_at_once()
    {
        using var sequence = Sequence(NullLogger.Instance, new("wait", TimeSpan.Zero, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation), Waits: true), Step("next"));
        await sequence.RunAsync().WaitAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(["next"], _ran);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add((logLevel, formatter(state, exception)));
    }
}
