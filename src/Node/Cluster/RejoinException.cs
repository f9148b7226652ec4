namespace MailCluster.Node.Cluster;

/// <summary>This process can be in no cluster any more, and has to start again to join one.</summary>
public sealed class RejoinException : Exception
{
    /// <summary>For the reason given.</summary>
    public RejoinException(string message)
        : base(message)
    {
    }

    /// <summary>For the reason given.</summary>
    public RejoinException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>For no reason.</summary>
    public RejoinException()
    {
    }
}
