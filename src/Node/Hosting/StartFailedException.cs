namespace MailCluster.Node.Hosting;

/// <summary>The node cannot start, for a reason that its operator can mend; the message is all that is shown.</summary>
public sealed class StartFailedException : Exception
{
    /// <summary>For the reason given.</summary>
    public StartFailedException(string message)
        : base(message)
    {
    }

    /// <summary>For the reason given.</summary>
    public StartFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>For no reason.</summary>
    public StartFailedException()
    {
    }
}
