namespace MailCluster.Actors.Events;

/// <summary>What a line of the event log tells.</summary>
public enum FateEventType : byte
{
    /// <summary>A message was accepted.</summary>
    Reception,
    /// <summary>A recipient was delivered.</summary>
    Delivery,
    /// <summary>An attempt failed for now.</summary>
    TransientFailure,
    /// <summary>A recipient failed for good.</summary>
    Bounce,
    /// <summary>A recipient's lifetime ended.</summary>
    Expiration,
    /// <summary>A command or a message was refused.</summary>
    Rejection,
    /// <summary>An operator removed a recipient.</summary>
    AdminRemoval,
    /// <summary>A message was handed over to another node, which goes on with it.</summary>
    HandedOver,
    /// <summary>A message was taken over from another node.</summary>
    TakenOver,
}
