using Akka.Actor;

namespace MailCluster.Actors.Wire;

/// <summary>Stands for a message of a newer release: whoever it was meant for does not handle it. In its place an exception would say so once a message, at length.</summary>
/// <param name="Manifest">What was written on it.</param>
public sealed record NotUnderstood(string Manifest) : INoSerializationVerificationNeeded;
