namespace MailCluster.Spool;

/// <summary>What a report tells (RFC 3464, Action).</summary>
public enum ReportKind : byte
{
    /// <summary>Action failed.</summary>
    Failed,
    /// <summary>Action delayed.</summary>
    Delayed,
    /// <summary>Action relayed: handed to a host without DSN.</summary>
    Relayed,
}
