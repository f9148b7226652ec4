using System.Net.Security;

namespace MailCluster.Actors.Handover;

/// <summary>Mutual TLS of the internal listener, by the certificates of the cluster. Made anew for each connection.</summary>
/// <param name="Server">For who connects.</param>
/// <param name="Client">For the host that is connected to.</param>
public sealed record HandoverTls(Func<SslServerAuthenticationOptions> Server, Func<string, SslClientAuthenticationOptions> Client);
