using Akka.Actor;

namespace MailCluster.Actors.Delivery;

/// <summary>A route, and how long the answers it was made of may be used.</summary>
public sealed record Resolution(Route Route, TimeSpan TimeToLive) : INoSerializationVerificationNeeded;
