using MailCluster.Protocol.Failures;

namespace MailCluster.Protocol.Client;

/// <summary>What the shell must do, as decided by <see cref="ClientState"/>.</summary>
public abstract record ClientEffect
{
    private ClientEffect() { }

    /// <summary>Send EHLO with our name.</summary>
    public sealed record SendEhlo : ClientEffect;

    /// <summary>Send HELO with our name (RFC 5321 section 3.2: the host knows no EHLO).</summary>
    public sealed record SendHelo : ClientEffect;

    /// <summary>Send STARTTLS.</summary>
    public sealed record SendStartTls : ClientEffect;

    /// <summary>Begin the TLS handshake; octets that came behind the reply are an attack or a fault and end it (RFC 3207 section 6).</summary>
    public sealed record BeginHandshake : ClientEffect;

    /// <summary>Mail may flow.</summary>
    public sealed record Serve(Extensions Extensions) : ClientEffect;

    /// <summary>Close, connect to the same address again and stay in clear text.</summary>
    public sealed record ReconnectInClear : ClientEffect;

    /// <summary>Close and try the next address or host.</summary>
    public sealed record LeaveHost(DeliveryFailure Failure) : ClientEffect;
}
