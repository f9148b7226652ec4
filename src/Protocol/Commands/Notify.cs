namespace MailCluster.Protocol.Commands;

/// <summary>The NOTIFY parameter of RCPT (RFC 3461 section 4.1).</summary>
[Flags]
public enum Notify : byte
{
    /// <summary>Not given: failure and, at our choice, delay.</summary>
    Unspecified = 0,
    /// <summary><c>NEVER</c>; excludes the others.</summary>
    Never = 1,
    /// <summary><c>SUCCESS</c>.</summary>
    Success = 2,
    /// <summary><c>FAILURE</c>.</summary>
    Failure = 4,
    /// <summary><c>DELAY</c>.</summary>
    Delay = 8,
}
