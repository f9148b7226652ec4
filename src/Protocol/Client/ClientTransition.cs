namespace MailCluster.Protocol.Client;

/// <summary>What a <see cref="ClientState"/> decided.</summary>
/// <param name="State">Where the session stands now.</param>
/// <param name="Effect">What is to be done.</param>
public readonly record struct ClientTransition(ClientState State, ClientEffect Effect);
