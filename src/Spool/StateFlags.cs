namespace MailCluster.Spool;

/// <summary>What a state record says of its entry besides numbers, on disk.</summary>
[Flags]
internal enum StateFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The sender has been told of the delay.</summary>
    DelayReported = 1,
    /// <summary>It says all; without it, it adds to the record that it names, or to the message's own.</summary>
    Full = 2,
    /// <summary>All recipients that were open are delivered.</summary>
    OpenDelivered = 4,
}
