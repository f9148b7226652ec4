using MailCluster.Spool;

namespace MailCluster.Actors.Sessions;

/// <summary>How the node is at one moment, as far as it concerns whether mail is taken.</summary>
/// <param name="IsServing">False before the node is ready, while it is cut off, and once it is going down.</param>
/// <param name="Spool">What the spool says.</param>
/// <param name="OpenRecipients">Recipients in the queue.</param>
/// <param name="IsMemoryShort">True over the mark.</param>
public readonly record struct NodeCondition(bool IsServing, SpoolAdmission Spool, long OpenRecipients, bool IsMemoryShort);
