using MailCluster.Actors.Delivery;

namespace MailCluster.Actors.Outbound;

/// <summary>What an outbound connection needs to know.</summary>
/// <param name="Route">Where to.</param>
/// <param name="Options">How.</param>
/// <param name="HostName">Our name in EHLO.</param>
/// <param name="Spool">Where the messages are.</param>
/// <param name="Time">The clock.</param>
/// <param name="Temporary">The folder for what need not outlive the process; made when it is needed, emptied when the process begins.</param>
public sealed record OutboundSettings(Route.To Route, DeliveryOptions Options, string HostName, Spool.Spool Spool, TimeProvider Time, string Temporary);
