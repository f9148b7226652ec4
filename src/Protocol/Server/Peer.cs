namespace MailCluster.Protocol.Server;

/// <summary>The client, as far as it has told who it is.</summary>
/// <param name="Name">What it said in EHLO or HELO: a claim.</param>
/// <param name="IsExtended">True after EHLO.</param>
public sealed record Peer(string Name, bool IsExtended);
