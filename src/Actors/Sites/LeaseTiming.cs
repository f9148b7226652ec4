namespace MailCluster.Actors.Sites;

/// <summary>The lease protocol's times. They hang together: grace is longer than fence and time-to-live, so that whatever a cut-off granter still gave has run out when its successor begins.</summary>
public static class LeaseTiming
{
    /// <summary>How often a holder renews.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromSeconds(5);

    /// <summary>How long a lease runs: from the sending of the request at the holder, from the grant at the granter.</summary>
    public static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(15);

    /// <summary>How long a majority's answers to a ping keep a node current, counted from the sending of the ping.</summary>
    public static readonly TimeSpan Fence = TimeSpan.FromSeconds(5);

    /// <summary>How long a member that is gone may still hold, or have granted, something.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(21);

    /// <summary>How much two machines' monotonic clocks may drift apart within a lease; the granter counts a lease for so much longer.</summary>
    public static readonly TimeSpan Drift = TimeSpan.FromMilliseconds(100);

    /// <summary>With more nodes than connections, a slot moves on at the first renewal after so long: one renewal, less what a message may be early.</summary>
    public static readonly TimeSpan Turn = Renewal - TimeSpan.FromMilliseconds(500);
}
