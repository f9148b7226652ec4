using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Failures;

/// <summary>Reads a reply's <see cref="BounceClass"/> from its enhanced status code (RFC 3463, RFC 5248 and its registry), else from its code. Reads no text: what providers write there is matter for rules.</summary>
public static class BounceClasses
{
    /// <summary>The class of a refusal.</summary>
    public static BounceClass Of(Reply reply) => reply.Status.IsPresent ? Of(reply.Status) : reply.Code switch
    {
        421 or 450 or 451 => BounceClass.Congestion,
        452 or 552 => BounceClass.Quota,
        550 or 551 => BounceClass.InvalidRecipient,
        553 => BounceClass.InvalidRecipient,
        521 or 556 => BounceClass.BadDomain,
        >= 500 and <= 504 or 555 => BounceClass.Protocol,
        530 or 535 => BounceClass.Authentication,
        _ => BounceClass.Other,
    };

    private static BounceClass Of(EnhancedStatusCode status) => (status.Subject, status.Detail) switch
    {
        (1, >= 1 and <= 4) => BounceClass.InvalidRecipient,
        (1, 6) or (2, 1) or (7, 13 or 17 or 18) => BounceClass.InactiveMailbox,
        (1, 10) => BounceClass.BadDomain,
        (1, 7 or 8) or (7, 27) => BounceClass.InvalidSender,
        (2, 2 or 3) or (3, 1 or 4) => BounceClass.Quota,
        (4, 1) => BounceClass.NoAnswer,
        (4, 2) => BounceClass.BadConnection,
        (4, 3) => BounceClass.Dns,
        (4, 4 or 6) => BounceClass.Routing,
        (4, 5) or (3, 2) or (7, 28 or 38) => BounceClass.Congestion,
        (4, 7) => BounceClass.Expired,
        (5, 3) => BounceClass.TooManyRecipients,
        (5, _) => BounceClass.Protocol,
        (6, _) => BounceClass.Content,
        (7, 8 or 9 or 11 or (>= 20 and <= 26)) => BounceClass.Authentication,
        (7, _) => BounceClass.Policy,
        _ => BounceClass.Other,
    };
}
