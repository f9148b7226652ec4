using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Sessions;

/// <summary>Whether new mail is taken (the table of back-pressure): load that the node cannot bear is refused for now, never taken and lost.</summary>
public static class Admission
{
    /// <summary>At MAIL.</summary>
    /// <returns>Null: taken.</returns>
    public static Reply? AtMail(in NodeCondition node, LimitsOptions limits) => node switch
    {
        { IsServing: false } => Replies.NotAvailable,
        { Spool: SpoolAdmission.Unhealthy } => Replies.SpoolUnhealthy,
        { Spool: SpoolAdmission.Full } or { IsMemoryShort: true } => Replies.SystemFull,
        _ when node.OpenRecipients >= limits.Queue => Replies.SystemFull,
        _ => null,
    };

    /// <summary>At RCPT.</summary>
    /// <param name="mayRelay">The client may send to anyone, or the domain is ours.</param>
    /// <param name="isClosed">The domain's queue is full in the whole cluster.</param>
    /// <param name="openRecipients">Recipients in the queue.</param>
    /// <param name="accepted">Recipients of this transaction so far: a large one may not overrun the limit by itself.</param>
    /// <param name="limits">The limits.</param>
    /// <returns>Null: accepted.</returns>
    public static Reply? AtRcpt(bool mayRelay, bool isClosed, long openRecipients, int accepted, LimitsOptions limits) => (mayRelay, isClosed) switch
    {
        (false, _) => Replies.RelayDenied,
        (_, true) => Replies.DomainClosed,
        _ when openRecipients + accepted >= limits.Queue => Replies.SystemFull,
        _ => null,
    };

    /// <summary>At the end of data: whatever has become scarce since MAIL, the message has been read and there is room for it; only a spool that cannot be written refuses.</summary>
    /// <returns>Null: to be committed.</returns>
    public static Reply? AtEndOfData(in NodeCondition node) => node.Spool is SpoolAdmission.Unhealthy ? Replies.SpoolUnhealthy : null;
}
