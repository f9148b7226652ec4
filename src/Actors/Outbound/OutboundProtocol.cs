using Akka.Actor;
using MailCluster.Actors.Queue;

namespace MailCluster.Actors.Outbound;

/// <summary>What an outbound actor is told by its pool. One actor is one connection: it connects when it starts, to the hosts of the route in the order of RFC 5321 section 5.1.</summary>
public static class OutboundProtocol
{
    /// <summary>Deliver this next. Answered by <see cref="Sites.SitePoolProtocol.AttemptEnded"/>, then <see cref="Sites.SitePoolProtocol.Idle"/>.</summary>
    public sealed record Deliver(DeliveryJob Job) : INoSerializationVerificationNeeded;

    /// <summary>Begin no transaction: finish what runs, QUIT, close. Answered by <see cref="Sites.SitePoolProtocol.Closed"/>.</summary>
    public sealed record Close : INoSerializationVerificationNeeded;
}
