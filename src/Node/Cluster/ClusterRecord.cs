using System.Collections.Immutable;

namespace MailCluster.Node.Cluster;

/// <summary>What a node remembers of the cluster it was in last, over a restart: whom to ask besides the founders, and who may still be a cluster without it.</summary>
/// <param name="Self">What the node called itself then; under another name the record is another node's.</param>
/// <param name="Members">The members that were up.</param>
/// <param name="At">When it saw the last change of them, by the wall clock: of several nodes' records the newest counts.</param>
internal sealed record ClusterRecord(string Self, ImmutableArray<string> Members, DateTimeOffset At);
