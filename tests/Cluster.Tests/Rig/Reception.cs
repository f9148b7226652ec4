using System.Net;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>A message that a mail exchanger has taken.</summary>
/// <param name="Number">Its number, −1 where it has none.</param>
/// <param name="Intact">Its body is what was sent.</param>
/// <param name="From">The node it came from.</param>
/// <param name="Exchanger">The mail exchanger.</param>
/// <param name="At">When its end of data was there: the reply may have got lost afterwards.</param>
internal sealed record Reception(long Number, bool Intact, IPAddress From, IPAddress Exchanger, TimeSpan At);
