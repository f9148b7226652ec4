namespace MailCluster.Protocol.Notifications;

/// <summary>What a report tells of its recipients (RFC 3464 section 2.3.3, Action).</summary>
public enum DeliveryAction : byte
{
    /// <summary><c>failed</c>: not delivered, and not tried again.</summary>
    Failed,
    /// <summary><c>delayed</c>: not delivered yet, and still tried.</summary>
    Delayed,
    /// <summary><c>relayed</c>: handed to a host that does not report deliveries.</summary>
    Relayed,
}
