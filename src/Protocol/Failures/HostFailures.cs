using MailCluster.Protocol.Client;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Failures;

/// <summary>The failures that condemn a host, and what is left of them when no host is left. All but one are temporary: a host that has a bad day must not bounce a whole queue.</summary>
public static class HostFailures
{
    /// <summary>The host said no before any transaction, or 421 in one.</summary>
    /// <remarks>
    /// 521 says that the host takes no mail at all (RFC 7504 section 3), and only that is kept as permanent. 554 in a greeting (RFC 5321 section 3.1) is also what hosts say
    /// to senders whom they distrust today, so it becomes temporary, as does any reply out of place; its text is kept.
    /// </remarks>
    public static DeliveryFailure Refused(Reply reply, ClientStep step, string host) => reply switch
    {
        { Code: 521 } => new(FailureScope.Host, reply, host),
        { IsTransient: true } => new(FailureScope.Host, reply, host),
        _ => Local(new EnhancedStatusCode(4, 3, 0), $"{host} said while {step.Phrase}: {reply}", host),
    };

    /// <summary>The connection ended.</summary>
    public static DeliveryFailure Lost(ClientStep step, string host) => Local(new(4, 4, 2), $"lost connection with {host} while {step.Phrase}", host);

    /// <summary>A wait ran out.</summary>
    public static DeliveryFailure TimedOut(ClientStep step, string host) => Local(new(4, 4, 2), $"timed out with {host} while {step.Phrase}", host);

    /// <summary>No address of the host took the connection.</summary>
    public static DeliveryFailure Unreachable(string host, string reason) => Local(new(4, 4, 1), $"cannot connect to {host}: {reason}", host);

    /// <summary>What came is no reply.</summary>
    public static DeliveryFailure Malformed(ReplyProgress progress, ClientStep step, string host) => Local(new(4, 5, 0), (progress switch
    {
        ReplyProgress.MixedCodes => "a reply with different codes",
        ReplyProgress.TooLong => "an over-long reply",
        _ => "something that is no reply",
    }) + $" from {host} while {step.Phrase}", host);

    /// <summary>A reply came that no command was sent for.</summary>
    public static DeliveryFailure Unasked(Reply reply, string host) => Local(new(4, 5, 0), $"{host} said unasked: {reply}", host);

    /// <summary>Adds a host's failure to what the hosts before it met. One temporary failure makes the sum temporary: another day that host may do.</summary>
    public static DeliveryFailure Add(DeliveryFailure? before, DeliveryFailure failure) => before is { IsPermanent: false } && failure.IsPermanent ? before : failure;

    /// <summary>No host is left.</summary>
    public static DeliveryFailure NoneLeft(DeliveryFailure sum) => sum with { Scope = FailureScope.Destination };

    private static DeliveryFailure Local(EnhancedStatusCode status, string text, string? host) => new(FailureScope.Host, new Reply(451, status, text), host, IsLocal: true);
}
