namespace MailCluster.Actors.Queue;

/// <summary>What has been done about an entry once and for all.</summary>
[Flags]
internal enum EntryMarks : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The sender has been told of the delay, or the report actor has been asked to.</summary>
    DelayTold = 1,
    /// <summary>It has been recalled from its pool.</summary>
    Recalled = 2,
}
