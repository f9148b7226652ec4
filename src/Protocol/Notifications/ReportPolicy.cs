using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;

namespace MailCluster.Protocol.Notifications;

/// <summary>
/// Whether the sender is to be told what became of a recipient: the one place where NOTIFY is read (RFC 3461 section 4.1) and where it is
/// decided that no report is ever sent about a report (RFC 5321 section 4.5.5: its reverse-path is null).
/// </summary>
public static class ReportPolicy
{
    /// <summary>A failure for good, expiry included: unless NOTIFY was given without FAILURE (section 5.2.6).</summary>
    public static bool ReportsFailure(ReversePath sender, Notify notify) =>
        !sender.IsNull && !notify.HasFlag(Notify.Never) && (notify is Notify.Unspecified || notify.HasFlag(Notify.Failure));

    /// <summary>A delay: where DELAY was given, and where nothing was, which the RFC leaves to us (sections 4.1 and 5.2.5): whoever asked for nothing wants to know that mail is stuck.</summary>
    public static bool ReportsDelay(ReversePath sender, Notify notify) =>
        !sender.IsNull && !notify.HasFlag(Notify.Never) && (notify is Notify.Unspecified || notify.HasFlag(Notify.Delay));

    /// <summary>A relay to the next hop: only where SUCCESS was asked for and the next hop cannot be asked to report it itself (section 5.2.2).</summary>
    /// <param name="sender">The reverse-path.</param>
    /// <param name="notify">NOTIFY of the recipient.</param>
    /// <param name="nextHopOffersDsn">True where the host that took it has the DSN parameters, and so the duty.</param>
    public static bool ReportsRelay(ReversePath sender, Notify notify, bool nextHopOffersDsn) =>
        !sender.IsNull && !nextHopOffersDsn && !notify.HasFlag(Notify.Never) && notify.HasFlag(Notify.Success);
}
