using MailCluster.Protocol.Addressing;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>An entry that is due, on its way through a site pool to a connection and back. The queue knows it until its <see cref="JobEnded"/> comes.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Domain">Its destination.</param>
/// <param name="Arrived">When its message was accepted.</param>
/// <param name="Size">Octets of content.</param>
public sealed record DeliveryJob(EntryRef Entry, DomainName Domain, DateTimeOffset Arrived, long Size)
{
    /// <summary>The queue's own number for the entry.</summary>
    internal int Number { get; init; }

    /// <summary>Attempts made before this one.</summary>
    public int Attempts { get; init; }
}
