using System.Collections.Immutable;
using System.Net;

namespace MailCluster.Actors.Delivery;

/// <summary>One host of a route.</summary>
/// <param name="Name">The mail exchanger's name, or the address as text.</param>
/// <param name="Preference">Lower is tried first; equal ones in random order, anew for every connection (RFC 5321 section 5.1).</param>
/// <param name="Addresses">IPv4 and IPv6, as resolved; never empty.</param>
/// <param name="Port">The port.</param>
public sealed record RouteHost(string Name, int Preference, ImmutableArray<IPAddress> Addresses, int Port);
