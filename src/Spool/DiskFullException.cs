namespace MailCluster.Spool;

/// <summary>There is no room on the disk: not a sign that it fails.</summary>
public sealed class DiskFullException : IOException
{
    /// <summary>Without more to say.</summary>
    public DiskFullException() { }

    /// <summary>With what the system said.</summary>
    public DiskFullException(string message) : base(message) { }

    /// <summary>With its cause.</summary>
    public DiskFullException(string message, Exception cause) : base(message, cause) { }
}
