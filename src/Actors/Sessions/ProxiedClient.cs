namespace MailCluster.Actors.Sessions;

/// <summary>What the <see cref="ProxyGate"/> found out; a feature of the connection, so that whatever stands between it and the session (TLS) hands it on untouched.</summary>
/// <param name="origin">Where the connection comes from.</param>
public sealed class ProxiedClient(ClientOrigin origin)
{
    /// <summary>Where the connection comes from.</summary>
    public ClientOrigin Origin { get; } = origin;
}
