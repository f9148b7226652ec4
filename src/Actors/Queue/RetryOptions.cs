namespace MailCluster.Actors.Queue;

/// <summary>When a recipient that was put off is tried again, and for how long (<c>mailcluster.retry</c>).</summary>
public sealed class RetryOptions
{
    /// <summary>The wait after the first failed attempt. Default: 5 minutes.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Each further wait is so many times the one before. Default: 2.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>The longest wait. Default: 4 hours.</summary>
    public TimeSpan Max { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Each wait is varied by up to this part of itself, either way, so that what failed together does not come back together. Default: 0.1.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>From acceptance; then the recipient fails for good (RFC 5321 section 4.5.4.1). Default: 5 days.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(5);

    /// <summary>From acceptance; then the sender is told once that the message is late. Default: 4 hours. Zero: never.</summary>
    public TimeSpan DelayNotice { get; init; } = TimeSpan.FromHours(4);
}
