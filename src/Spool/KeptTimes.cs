namespace MailCluster.Spool;

/// <summary>What the index does not know of a message, and the queue must.</summary>
/// <param name="Arrived">When it was accepted.</param>
/// <param name="Size">Octets of content.</param>
/// <param name="NextAttempts">When its entries are due, by the numbers of their destinations.</param>
internal sealed record KeptTimes(DateTimeOffset Arrived, long Size, Dictionary<int, DateTimeOffset> NextAttempts);
