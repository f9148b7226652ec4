namespace MailCluster.Node.Cluster;

/// <summary>One incarnation of a node: a restarted process has forgotten whom it voted for, and is another voter.</summary>
/// <param name="Name">Host and port, as it calls itself.</param>
/// <param name="Incarnation">Random, for each start.</param>
internal readonly record struct Voter(string Name, long Incarnation);
