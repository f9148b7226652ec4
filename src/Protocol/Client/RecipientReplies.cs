using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

/// <summary>How replies to RCPT are read.</summary>
public static class RecipientReplies
{
    /// <summary>552 to RCPT is temporary (RFC 5321 section 4.5.3.1.10): it becomes 452, its enhanced code's class with it.</summary>
    public static Reply AsRead(Reply reply) => reply.Code == 552 ? reply with { Code = 452, Status = reply.Status.IsPresent ? reply.Status with { Class = 4 } : default } : reply;
}
