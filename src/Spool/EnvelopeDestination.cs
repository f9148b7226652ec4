using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Spool;

/// <summary>The recipients of one message that share a destination. Their order is their number in outcomes.</summary>
public sealed record EnvelopeDestination(DomainName Domain, ImmutableArray<Recipient> Recipients);
