using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>The recipients of a message at one destination, as they stand on the disk.</summary>
/// <param name="Domain">The destination.</param>
/// <param name="HasEnded">True where all of them have ended; the rest is then not known any more.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="NextAttempt">When those still open are due.</param>
/// <param name="Recipients">All of them, in the order of the envelope.</param>
public sealed record InspectedDestination(DomainName Domain, bool HasEnded, int Attempts, DateTimeOffset NextAttempt, ImmutableArray<RecipientOutcome> Recipients);
