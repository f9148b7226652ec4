using System.Net;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>The relay has answered 250 to a message.</summary>
/// <param name="At">When.</param>
/// <param name="By">Whom the client had connected to.</param>
internal readonly record struct Acceptance(TimeSpan At, IPAddress By);
