using System.Net;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>A connection that a mail exchanger has had.</summary>
/// <param name="From">The node.</param>
/// <param name="Exchanger">The mail exchanger, and with that the site.</param>
/// <param name="Opened">When it was taken.</param>
/// <param name="Closed">When its end was there; <see cref="TimeSpan.MaxValue"/> while it is open.</param>
internal sealed record SinkConnection(IPAddress From, IPAddress Exchanger, TimeSpan Opened, TimeSpan Closed);
