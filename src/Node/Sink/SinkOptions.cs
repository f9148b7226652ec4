using System.Net;

namespace MailCluster.Node.Sink;

/// <summary>What the sink offers and how it misbehaves.</summary>
internal sealed class SinkOptions
{
    /// <summary>Where it listens. Port 0: any that is free.</summary>
    public required IPEndPoint Bind { get; init; }

    /// <summary>Its name in the greeting and the reply to EHLO.</summary>
    public string Hostname { get; init; } = "sink.localhost";

    /// <summary>Offers PIPELINING, and takes commands before it has answered. Where not, what comes early is refused.</summary>
    public bool Pipelining { get; init; } = true;

    /// <summary>Offers 8BITMIME.</summary>
    public bool EightBitMime { get; init; } = true;

    /// <summary>Offers DSN.</summary>
    public bool Dsn { get; init; } = true;

    /// <summary>Offers CHUNKING.</summary>
    public bool Chunking { get; init; } = true;

    /// <summary>Offers SMTPUTF8.</summary>
    public bool SmtpUtf8 { get; init; } = true;

    /// <summary>Largest content in octets; 0: no limit.</summary>
    public long Size { get; init; }

    /// <summary>Recipients of a transaction; the next is answered 452. 0: no limit.</summary>
    public int MaxRecipients { get; init; }

    /// <summary>What goes wrong in every session.</summary>
    public IReadOnlyList<SinkMisfortune> Misfortunes { get; init; } = [];

    /// <summary>How often <see cref="Misfortunes"/> strike, 0 to 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>What <c>slow-at-…</c> in an address means.</summary>
    public TimeSpan Slow { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where messages are kept; null: nowhere.</summary>
    public string? Store { get; init; }

    /// <summary>Told of each message before it is answered 250, from the session's thread. Null costs the least: content is then only counted.</summary>
    public Action<SinkMessage>? Taken { get; init; }

    /// <summary>Asked as each message begins: whether it is to be looked at for <see cref="Taken"/>. Null: each is.</summary>
    public Func<bool>? Wanted { get; init; }

    /// <summary>Told of what keeps the sink from its work.</summary>
    public Action<string>? Trouble { get; init; }
}
