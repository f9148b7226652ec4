namespace MailCluster.Actors.Queue;

/// <summary>
/// Who owns a queued entry. In each state there is exactly one next event: the earliest of those named, or the end of what is being done.
/// <code>
///                 ┌──────────── untouched ───────────┐
///                 ▼                                  │
///  arrived ───►  Due ──────── Want ─────────────► HandedOut ──► delivered, bounced: gone
///     │           ▲  ▲                               │  │
///     │   its time│  │domain recovered, its time     │  │no attempt was opened, and it failed
///     │           │  └───────── PutOff ◄─────────────┤  ▼
///     └────► Deferred ◄────── 4xx ───────────────────┘ Opening ──► recorded: gone, Deferred or PutOff
///              any of Due, Deferred, PutOff ── expired, no such domain ──►┘
/// </code>
/// </summary>
internal enum EntryState : byte
{
    /// <summary>The place is free.</summary>
    Free,
    /// <summary>Due by its own schedule, in the order in which it became so; waits for route, domain and site. Next: notice of the delay, expiry.</summary>
    Due,
    /// <summary>Waits by its own schedule: a peer refused it for now. Next: its attempt, notice, expiry.</summary>
    Deferred,
    /// <summary>Waits by its own schedule since no host could be reached; due at once when the domain recovers. Next: its attempt, notice, expiry.</summary>
    PutOff,
    /// <summary>With a site's pool until the job ends. Next: notice, expiry (then it is recalled), the end of the job.</summary>
    HandedOut,
    /// <summary>Being opened in the spool to have an end or a failure recorded. Next: the spool's answer, or another try where that failed.</summary>
    Opening,
}
