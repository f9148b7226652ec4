using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;

namespace MailCluster.Spool;

/// <summary>A forward-path that was accepted, with its DSN parameters.</summary>
public sealed record Recipient(ForwardPath Path, RcptParameters Parameters);
