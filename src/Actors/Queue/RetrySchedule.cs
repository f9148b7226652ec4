namespace MailCluster.Actors.Queue;

/// <summary>When a recipient that was put off is tried again, when its sender is told that it is late, and when it has waited long enough.</summary>
/// <param name="options">The configured schedule.</param>
public sealed class RetrySchedule(RetryOptions options)
{
    /// <summary>The end of a message's lifetime: what is still open then expires.</summary>
    public DateTimeOffset ExpiryOf(DateTimeOffset arrived) => arrived + options.Lifetime;

    /// <summary>When the sender is told of the delay; <see cref="DateTimeOffset.MaxValue"/> for never.</summary>
    public DateTimeOffset NoticeOf(DateTimeOffset arrived) => options.DelayNotice > TimeSpan.Zero ? arrived + options.DelayNotice : DateTimeOffset.MaxValue;

    /// <summary>
    /// When the next attempt is due. Never past the end of the lifetime: where the regular wait would end beyond it, a last attempt is made <see cref="RetryOptions.First"/>
    /// before the end, and where that is too near, the time is the end itself, when the recipient expires.
    /// </summary>
    /// <param name="attempts">Attempts made, the failed one included: at least 1.</param>
    /// <param name="arrived">When the message was accepted.</param>
    /// <param name="now">When the attempt failed.</param>
    /// <param name="random">From 0 up to 1: where in the range of the jitter the wait lies.</param>
    public DateTimeOffset NextAttempt(int attempts, DateTimeOffset arrived, DateTimeOffset now, double random)
    {
        var end = ExpiryOf(arrived);
        var next = now + Wait(attempts, random);
        if (next < end)
        {
            return next;
        }
        var last = end - options.First;
        return last - now > options.First ? last : end;
    }

    /// <summary>The wait after so many attempts: <see cref="RetryOptions.First"/>, growing by <see cref="RetryOptions.Factor"/> up to <see cref="RetryOptions.Max"/>, varied by the jitter.</summary>
    public TimeSpan Wait(int attempts, double random)
    {
        var wait = options.First.Ticks * Math.Pow(options.Factor, Math.Max(0, attempts - 1));
        wait = Math.Min(wait, options.Max.Ticks);           // also where the power has become infinite
        wait *= 1 + options.Jitter * (2 * random - 1);
        return TimeSpan.FromTicks((long)wait);
    }
}
