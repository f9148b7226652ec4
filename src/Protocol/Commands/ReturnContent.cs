namespace MailCluster.Protocol.Commands;

/// <summary>The RET parameter of MAIL: what a failure report gives back (RFC 3461 section 4.3).</summary>
public enum ReturnContent : byte
{
    /// <summary>Not given: ours to choose.</summary>
    Unspecified,
    /// <summary><c>HDRS</c>.</summary>
    Headers,
    /// <summary><c>FULL</c>.</summary>
    Full,
}
