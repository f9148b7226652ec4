using Microsoft.Extensions.Logging;

namespace MailCluster.Node.Hosting;

/// <summary>
/// Stops the node step by step. The order is what keeps the promises: nothing is accepted after the spool has been told to close, nothing is sent whose end
/// could not be recorded. A step that fails or takes too long is logged, and the next begins: a node that cannot stop in order still stops.
/// </summary>
internal sealed partial class ShutdownSequence(IReadOnlyList<ShutdownStep> steps, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly CancellationTokenSource _hasten = new();

    /// <summary>All limits together, for the host's own.</summary>
    public TimeSpan Limit => steps.Aggregate(TimeSpan.Zero, (sum, step) => sum + step.Limit);

    /// <summary>Cuts short the steps that only wait, now and to come.</summary>
    public void Hasten() => _hasten.Cancel();

    /// <summary>Runs all steps, one after the other.</summary>
    public async Task RunAsync()
    {
        foreach (var step in steps)
        {
            if (step.Waits && _hasten.IsCancellationRequested) continue;
            var began = time.GetTimestamp();
            using var limit = new CancellationTokenSource(step.Limit, time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, step.Waits ? _hasten.Token : CancellationToken.None);
            try
            {
                // The step gets a little longer than its limit to notice that it is over; one that does not notice is left behind.
                await step.Run(end.Token).WaitAsync(step.Limit + Grace, time);
                Done(step.Name, (long)time.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                if (limit.IsCancellationRequested && !step.Waits) Late(step.Name, step.Limit);
                else Done(step.Name, (long)time.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (TimeoutException)
            {
                Late(step.Name, step.Limit);
            }
            catch (Exception e)
            {
                Failed(step.Name, e);
            }
        }
    }

    /// <summary>What a step may take beyond its limit to break off.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public void Dispose() => _hasten.Dispose();

    [LoggerMessage(20, LogLevel.Information, "stopping: {Step}, {Milliseconds} ms")]
    private partial void Done(string step, long milliseconds);

    [LoggerMessage(21, LogLevel.Warning, "stopping: {Step} did not end within {Limit}; going on without")]
    private partial void Late(string step, TimeSpan limit);

    [LoggerMessage(22, LogLevel.Error, "stopping: {Step} failed; going on")]
    private partial void Failed(string step, Exception cause);
}
