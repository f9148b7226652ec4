using MailCluster.Actors.Facts;

namespace MailCluster.Actors.Sites;

/// <summary>What the site actors of one node share: one of each per node.</summary>
/// <param name="Membership">The cluster as this node sees it.</param>
/// <param name="Holdings">What this node's pools hold.</param>
/// <param name="Tenure">How long this node has hosted which shard.</param>
/// <param name="Options">When a site is down.</param>
/// <param name="Facts">What this node keeps of sites.</param>
public sealed record SiteNode(Membership Membership, LeaseHoldings Holdings, ShardTenure Tenure, SiteOptions Options, FactStore Facts);
