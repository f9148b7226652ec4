namespace MailCluster.Node.Cluster;

/// <summary>Why a peer gave no answer that counts.</summary>
/// <param name="Reason">In words that follow the peer's name.</param>
/// <param name="IsMistake">True where somebody has to mend it; false where the peer just is not there.</param>
internal sealed record BootstrapFault(string Reason, bool IsMistake);
