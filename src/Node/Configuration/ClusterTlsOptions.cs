namespace MailCluster.Node.Configuration;

/// <summary>Mutual TLS between nodes (<c>mailcluster.cluster.tls</c>): files in PEM, absolute paths.</summary>
/// <param name="Certificate">What this node shows; may hold its intermediates.</param>
/// <param name="Key">Its private key.</param>
/// <param name="Authority">Who must have signed a peer's. The cluster's own: whoever it signs for is a peer.</param>
public sealed record ClusterTlsOptions(string Certificate, string Key, string Authority);
