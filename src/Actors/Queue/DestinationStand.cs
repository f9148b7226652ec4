namespace MailCluster.Actors.Queue;

/// <summary>
/// What a destination's mail may do, by the last decision and by what its attempts have met since.
/// <code>
///  Unknown ──decision──► Open ──unreachable──► Suspect ──decision──► Down ──its time: asks──► Probe ──one job ended──► Suspect …
///     ▲                   ▲                       └──────decision Open (recovered: what was put off is due)──► Open
///     └── decision has run out, from any                           Suspended, Nowhere: by decision, from any, to any
/// </code>
/// </summary>
internal enum DestinationStand : byte
{
    /// <summary>No decision, or the last has run out: ask.</summary>
    Unknown,
    /// <summary>Hand out what is due.</summary>
    Open,
    /// <summary>Something was reported that the answer depends on: nothing is handed out until it comes.</summary>
    Suspect,
    /// <summary>The domain is down: ask again at its time.</summary>
    Down,
    /// <summary>One job may go out.</summary>
    Probe,
    /// <summary>An operator has suspended it: ask again at its time.</summary>
    Suspended,
    /// <summary>No route for now: ask again when the decision runs out.</summary>
    Unroutable,
    /// <summary>There is no such place: everything bounces until the decision runs out.</summary>
    Nowhere,
}
