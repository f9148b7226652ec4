namespace MailCluster.Actors.Sessions;

/// <summary>What a client's address says about it.</summary>
public enum ClientStanding : byte
{
    /// <summary>It is the client's own: whether it may relay is a matter of <c>relay.networks</c>.</summary>
    Known,
    /// <summary>It counts for limits and logs, and never for the right to relay: it may be the load balancer's, or mean another machine.</summary>
    Stranger,
    /// <summary>It is the load balancer's, which speaks for itself: a probe, with which there is no mail.</summary>
    Balancer,
}
