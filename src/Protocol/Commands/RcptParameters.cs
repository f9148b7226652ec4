namespace MailCluster.Protocol.Commands;

/// <summary>The parameters of RCPT, decoded (RFC 3461 section 4).</summary>
/// <param name="Notify">NOTIFY.</param>
/// <param name="OriginalRecipient">ORCPT as <c>type;address</c>, xtext decoded; null where not given.</param>
public sealed record RcptParameters(Notify Notify = Notify.Unspecified, string? OriginalRecipient = null)
{
    /// <summary>None given.</summary>
    public static RcptParameters None { get; } = new();
}
