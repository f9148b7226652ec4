using MailCluster.Actors.Queue;
using MailCluster.Protocol.Addressing;

namespace MailCluster.Actors.Sites;

/// <summary>One connection of a pool, from the decision to open it until its socket is closed: so long it counts against the lease.</summary>
internal sealed class SitePoolConnection(int number, DomainName openedFor)
{
    /// <summary>Its number.</summary>
    public int Number { get; } = number;

    /// <summary>Whose mail it was opened for: that domain has failed if it reaches no host.</summary>
    public DomainName OpenedFor { get; } = openedFor;

    /// <summary>Where it stands.</summary>
    public SitePoolConnectionState State;

    /// <summary>The job it works on, and one ahead of it.</summary>
    public List<DeliveryJob> Jobs { get; } = new(2);

    /// <summary>Jobs given in all.</summary>
    public int Given;

    /// <summary>Since when it has had no work.</summary>
    public Moment IdleSince;

    /// <summary>True from the reply to EHLO.</summary>
    public bool GotThrough;

    /// <summary>Stands in the line of those that can take a job ahead.</summary>
    public bool InLine;
}
