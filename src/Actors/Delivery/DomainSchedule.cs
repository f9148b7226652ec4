namespace MailCluster.Actors.Delivery;

/// <summary>When a domain's mail may be tried, beside each message's own schedule.</summary>
public abstract record DomainSchedule
{
    private DomainSchedule() { }

    /// <summary>Any time.</summary>
    public sealed record Open : DomainSchedule;

    /// <summary>The domain is down: nothing before so long after the decision came; report then, and be told.</summary>
    public sealed record Down(TimeSpan RetryAfter) : DomainSchedule;

    /// <summary>The domain is down, and this node may try it with one message, now. Report what came of it.</summary>
    public sealed record Probe : DomainSchedule;

    /// <summary>An operator has suspended the domain.</summary>
    public sealed record Suspended(TimeSpan RetryAfter, string Reason) : DomainSchedule;
}
