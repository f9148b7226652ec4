using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Failures;

/// <summary>Why an attempt did not deliver. A value: remote refusals are no exceptions.</summary>
/// <param name="Scope">How much it condemns.</param>
/// <param name="Reply">The peer's reply, or one of our own (<paramref name="IsLocal"/>) for a broken connection, a timeout or a DNS failure. Its class alone says whether the failure is permanent.</param>
/// <param name="RemoteMta">The host that said so, or that it is about where <paramref name="IsLocal"/>; null where there is none.</param>
/// <param name="IsLocal">True where no peer sent <paramref name="Reply"/>.</param>
/// <param name="Address">The host's address and port, for log and events; null where not known. Does not cross the wire.</param>
public sealed record DeliveryFailure(FailureScope Scope, Reply Reply, string? RemoteMta, bool IsLocal = false, string? Address = null)
{
    /// <summary>The one place where permanence is read. 552 to RCPT has become 452 before (RFC 5321 section 4.5.3.1.10).</summary>
    public bool IsPermanent => Reply.IsPermanent;
}
