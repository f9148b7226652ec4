namespace MailCluster.Actors.Wire;

/// <summary>One incarnation of one node: a restarted process is another node.</summary>
/// <param name="Address">Host and port of the cluster endpoint.</param>
/// <param name="Incarnation">Akka's unique id of the actor system.</param>
public readonly record struct NodeId(string Address, int Incarnation);
