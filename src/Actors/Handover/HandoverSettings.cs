using System.Net.Sockets;

namespace MailCluster.Actors.Handover;

/// <summary>A node's internal listener.</summary>
/// <param name="Bind">Makes its socket, bound.</param>
/// <param name="Host">The host by which peers reach it.</param>
/// <param name="Port">The port by which peers reach it; 0 for the one that the socket has.</param>
/// <param name="Tls">Null for clear text.</param>
public sealed record HandoverSettings(Func<Socket> Bind, string Host, int Port, HandoverTls? Tls);
