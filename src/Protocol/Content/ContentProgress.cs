namespace MailCluster.Protocol.Content;

/// <summary>How far a receiver of content has come.</summary>
public enum ContentProgress : byte
{
    /// <summary>All input was consumed; more must come.</summary>
    NeedMore,
    /// <summary>The end of data was reached and consumed; what follows in the input is the next command.</summary>
    Complete,
}
