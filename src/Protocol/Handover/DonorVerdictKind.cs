namespace MailCluster.Protocol.Handover;

/// <summary>What a receiver has said of a message.</summary>
public enum DonorVerdictKind : byte
{
    /// <summary>It is the receiver's now, or has been before: it ends at the donor.</summary>
    Taken,
    /// <summary>The receiver does not have it and does not take it now (4xx): another may.</summary>
    Deferred,
    /// <summary>The receiver does not have it and cannot take this message (5xx).</summary>
    Refused,
}
