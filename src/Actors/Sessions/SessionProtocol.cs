using Akka.Actor;

namespace MailCluster.Actors.Sessions;

/// <summary>What the sessions' actors are told, on their node. What a session is asked is a <see cref="SessionQuestion"/>.</summary>
public static class SessionProtocol
{
    /// <summary>A connection has come: make its actor. To <see cref="SessionsActor"/>; not answered, not to be repeated.</summary>
    public sealed record Open(SessionHandle Session) : INoSerializationVerificationNeeded;

    /// <summary>A connection is gone: its actor stops. Not answered; may be repeated.</summary>
    public sealed record Closed(SessionHandle Session) : INoSerializationVerificationNeeded;

    /// <summary>End the session with 421, also within a transaction. From an operator; not answered, may be repeated.</summary>
    public sealed record End : INoSerializationVerificationNeeded;
}
