namespace MailCluster.Spool;

/// <summary>Whether the spool takes new mail.</summary>
public enum SpoolAdmission : byte
{
    /// <summary>Yes.</summary>
    Open,
    /// <summary>No: free space or inodes are down to the reserve (452 4.3.1). Outcomes are still recorded.</summary>
    Full,
    /// <summary>No: writes fail (421 4.3.0). Nothing may be delivered either, since its end could not be recorded.</summary>
    Unhealthy,
}
