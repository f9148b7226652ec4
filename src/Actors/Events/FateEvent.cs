using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Events;

/// <summary>One line of the event log. Fields that do not apply are left out.</summary>
public readonly record struct FateEvent
{
    /// <summary>What happened.</summary>
    public required FateEventType Type { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The message; default for a rejection before one was begun.</summary>
    public QueueId Id { get; init; }

    /// <summary>The reverse-path, without brackets.</summary>
    public string? Sender { get; init; }

    /// <summary>The forward-path, without brackets; for a reception of many the first.</summary>
    public string? Recipient { get; init; }

    /// <summary>For a reception, how many.</summary>
    public int Recipients { get; init; }

    /// <summary>The domain queued for.</summary>
    public string? Destination { get; init; }

    /// <summary>The site.</summary>
    public string? Site { get; init; }

    /// <summary>The peer's name: the client's in EHLO, or the mail exchanger's.</summary>
    public string? PeerName { get; init; }

    /// <summary>The peer's address and port.</summary>
    public string? PeerAddress { get; init; }

    /// <summary>Protocol and cipher; null in clear text.</summary>
    public string? Tls { get; init; }

    /// <summary>The reply, ours or the peer's.</summary>
    public Reply? Reply { get; init; }

    /// <summary>Attempts made, this one included.</summary>
    public int Attempts { get; init; }

    /// <summary>Since the message was accepted.</summary>
    public TimeSpan InQueue { get; init; }

    /// <summary>Octets of content.</summary>
    public long Size { get; init; }

    /// <summary>The inbound or outbound session's id.</summary>
    public string? Session { get; init; }

    /// <summary>For a transient failure, when the next attempt is due.</summary>
    public DateTimeOffset? NextAttempt { get; init; }
}
