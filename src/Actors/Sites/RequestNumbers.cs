namespace MailCluster.Actors.Sites;

/// <summary>The numbers of this node's lease requests. One sequence for all sites, so that a pool that comes back after it had gone goes on above where it left off.</summary>
public sealed class RequestNumbers
{
    private long _last;

    /// <summary>The next, from 1. From any thread.</summary>
    public long Next() => Interlocked.Increment(ref _last);
}
