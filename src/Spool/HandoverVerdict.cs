namespace MailCluster.Spool;

/// <summary>Whether a message that is offered by handover is received.</summary>
public enum HandoverVerdict
{
    /// <summary>Go on.</summary>
    Take,
    /// <summary>This handover has been received before, whatever has become of the message since: acknowledge it again, and keep nothing of it.</summary>
    Had,
    /// <summary>Not now: the same handover is being received, or a message of this name is still here. Refuse it for now (451); the donor asks, or tries again.</summary>
    Busy,
    /// <summary>Never: the donor has been told that this handover did not arrive, and may have given the message to somebody else since. Refuse it (554); only a new mark opens it again.</summary>
    Void,
}
