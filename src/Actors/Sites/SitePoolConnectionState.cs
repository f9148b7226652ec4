namespace MailCluster.Actors.Sites;

/// <summary>
/// Where a pool's connection stands.
/// <code>
///  Connecting ──through──► Idle ◄──────────► Busy
///      │                    │                 │
///      └────────────────────┴──► Closing ◄────┘      each ──► gone, when its socket is closed
/// </code>
/// </summary>
internal enum SitePoolConnectionState : byte
{
    /// <summary>Has not got through EHLO.</summary>
    Connecting,
    /// <summary>Waits for work.</summary>
    Idle,
    /// <summary>Has work.</summary>
    Busy,
    /// <summary>Finishes what runs, then closes.</summary>
    Closing,
}
