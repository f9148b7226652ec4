namespace MailCluster.Actors.Handover;

/// <summary>Whether a node that has been told to stop is to hand its mail to its peers, because it will not come back.</summary>
public abstract record HandoverWish
{
    private HandoverWish()
    {
    }

    /// <summary>No: its mail waits on its disk for it.</summary>
    /// <param name="Reason">Why not, as the log says it: "the StatefulSet wants 3 replicas, this is ordinal 1".</param>
    public sealed record No(string Reason) : HandoverWish;

    /// <summary>Yes.</summary>
    /// <param name="Reason">Why, as the log says it: "the StatefulSet wants 3 replicas, this is ordinal 4".</param>
    /// <param name="Receivers">Which peers may be given mail.</param>
    public sealed record Yes(string Reason, HandoverReceivers Receivers) : HandoverWish;
}
