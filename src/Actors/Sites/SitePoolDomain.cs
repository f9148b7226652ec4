using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Sites;

/// <summary>One domain whose mail goes to a pool's site. Changed by <see cref="SitePoolState"/> alone.</summary>
internal sealed class SitePoolDomain(DomainName domain)
{
    /// <summary>Its name.</summary>
    public DomainName Domain { get; } = domain;

    /// <summary>Which queue actor has its mail, as the shell numbers them.</summary>
    public int Queue;

    /// <summary>Its newest route.</summary>
    public Route.To? Route;

    /// <summary>Jobs that no connection has yet, oldest first.</summary>
    public Queue<DeliveryJob> Ready { get; } = new();

    /// <summary>Jobs with connections.</summary>
    public int Outstanding;

    /// <summary>Jobs still due in the queue, by its last word.</summary>
    public int StillDue;

    /// <summary>Jobs allowed that have neither come nor been returned.</summary>
    public int Allowance;

    /// <summary>The newest of the queue's words.</summary>
    public long Turn;

    /// <summary>Stands in the line of those that have jobs ready.</summary>
    public bool InTurn;

    /// <summary>Stands in the line of those that the queue has more for.</summary>
    public bool Hungry;

    /// <summary>The rest of the allowance has been asked back.</summary>
    public bool Withdrawing;

    /// <summary>Nothing is left that the pool must know it for.</summary>
    public bool IsDone => Ready.Count == 0 && Outstanding == 0 && StillDue == 0 && Allowance == 0;
}
