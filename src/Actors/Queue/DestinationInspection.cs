using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Queue;

/// <summary>How one destination's queue stands on this node, for an operator.</summary>
/// <param name="Domain">The destination.</param>
/// <param name="Recipients">Recipients that wait or are under way.</param>
/// <param name="Due">Entries due, waiting for route, domain or site.</param>
/// <param name="Deferred">Entries waiting by their own schedule.</param>
/// <param name="HandedOut">Entries with the site's pool and its connections.</param>
/// <param name="Oldest">When the oldest message was accepted, as far as a short look tells.</param>
/// <param name="NextAttempt">When the next attempt is due; null where none is planned, or nothing waits.</param>
/// <param name="Stand">Open, down, suspended, …</param>
/// <param name="Site">The site that its mail goes to; null where the route is not known.</param>
/// <param name="LastFailure">Why it is not open, where known.</param>
public sealed record DestinationInspection(
    DomainName Domain, int Recipients, int Due, int Deferred, int HandedOut, DateTimeOffset? Oldest, DateTimeOffset? NextAttempt, string Stand, string? Site, string? LastFailure);
