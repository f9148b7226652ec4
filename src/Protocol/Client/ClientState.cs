using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

// Greeted ──2xx──► Introduced ──2xx──► Serving               (transactions: MailTransaction)
//                    │    │ STARTTLS offered                     ▲
//                    │    └──► TlsAsked ──220──► Handshaking ────┘ ok: Introduced again, encrypted, all learned before forgotten
//                    │             ├─ refused: Serving, in clear └─ failed: reconnect, refrain
//                    │             └─ hung up, timed out, no reply: reconnect, refrain
//                    └─ 5xx: IntroducedPlainly ──2xx──► Serving
// Whatever else comes: LeaveHost.

/// <summary>Where a client session stands, from the connection to the point where mail may flow. A state holds the data that exists in it, and no other.</summary>
/// <param name="Host">The host's name, for failures.</param>
/// <param name="Tls">How it stands to TLS.</param>
public abstract record ClientState(string Host, TlsUse Tls)
{
    /// <summary>Connected; the greeting is awaited.</summary>
    public sealed record Greeted(string Host, TlsUse Tls) : ClientState(Host, Tls);

    /// <summary>EHLO is sent.</summary>
    public sealed record Introduced(string Host, TlsUse Tls) : ClientState(Host, Tls);

    /// <summary>EHLO was refused, HELO is sent.</summary>
    public sealed record IntroducedPlainly(string Host, TlsUse Tls) : ClientState(Host, Tls);

    /// <summary>STARTTLS is sent. Should it be refused, what was offered in clear text holds.</summary>
    public sealed record TlsAsked(string Host, TlsUse Tls, Extensions InClear) : ClientState(Host, Tls);

    /// <summary>The handshake runs.</summary>
    public sealed record Handshaking(string Host, TlsUse Tls) : ClientState(Host, Tls);

    /// <summary>Mail may flow.</summary>
    public sealed record Serving(string Host, TlsUse Tls, Extensions Extensions) : ClientState(Host, Tls);

    /// <summary>The connection is given up.</summary>
    public sealed record Left(string Host, TlsUse Tls) : ClientState(Host, Tls);

    /// <summary>What is waited for.</summary>
    public ClientStep Step => this switch
    {
        Greeted => ClientStep.Greeting,
        Introduced or IntroducedPlainly => ClientStep.Hello,
        TlsAsked => ClientStep.StartTls,
        Handshaking => ClientStep.Handshake,
        _ => ClientStep.Idle,
    };

    /// <summary>True where a connection that ends before the reply is tried again in clear text: hosts whose TLS is broken also just hang up at STARTTLS, every time.</summary>
    public bool MayLackTls => this is TlsAsked or Handshaking;

    /// <summary>Decides one reply.</summary>
    public ClientTransition On(Reply reply) => (this, reply) switch
    {
        (_, { Code: 421 }) => Leave(reply),
        (Greeted, { Code: 220 }) => new(new Introduced(Host, Tls), new ClientEffect.SendEhlo()),
        // RFC 5321 section 3.2: a 5xx means that the host does not know EHLO; it may know HELO.
        (Introduced, { IsPermanent: true }) => new(new IntroducedPlainly(Host, Tls), new ClientEffect.SendHelo()),
        (Introduced, { Code: 250 }) => OnExtensions(Extensions.Parse(reply)),
        (IntroducedPlainly, { Code: 250 }) => Serve(Extensions.None),
        (TlsAsked, { Code: 220 }) => new(new Handshaking(Host, Tls), new ClientEffect.BeginHandshake()),
        // Opportunistic: a host that will not after all gets the mail in clear text, on the same connection.
        (TlsAsked asked, { IsTransient: true } or { IsPermanent: true }) => Serve(asked.InClear),
        _ => Leave(reply),
    };

    /// <summary>The handshake succeeded: everything learned before it is forgotten (RFC 3207 section 4.2).</summary>
    public ClientTransition OnEncrypted() => new(new Introduced(Host, TlsUse.Established), new ClientEffect.SendEhlo());

    /// <summary>The handshake failed. What the peer thinks of the connection is unknown, so a new one is made.</summary>
    public ClientTransition OnHandshakeFailed() => new(new Left(Host, TlsUse.Refrain), new ClientEffect.ReconnectInClear());

    private ClientTransition OnExtensions(Extensions extensions) => extensions.StartTls && Tls == TlsUse.Opportunistic
        ? new(new TlsAsked(Host, Tls, extensions), new ClientEffect.SendStartTls())
        : Serve(extensions);

    private ClientTransition Serve(Extensions extensions) => new(new Serving(Host, Tls, extensions), new ClientEffect.Serve(extensions));

    private ClientTransition Leave(Reply reply) => new(new Left(Host, Tls), new ClientEffect.LeaveHost(HostFailures.Refused(reply, Step, Host)));
}
