namespace MailCluster.Spool;

/// <summary>What a record says, on disk: the values never change their meaning.</summary>
internal enum RecordType : byte
{
    /// <summary>A message: envelope and content.</summary>
    Message = 1,
    /// <summary>A message whose content is in <c>large/</c>.</summary>
    Large = 2,
    /// <summary>Where the recipients of one entry stand.</summary>
    State = 3,
    /// <summary>An entry has ended.</summary>
    Done = 4,
    /// <summary>A message carried forward, with where its entries stand. The older copy and all outcomes before it are void.</summary>
    Snapshot = 5,
    /// <summary>Nothing: shows that the disk takes writes.</summary>
    Probe = 6,
    /// <summary>A message is marked as handing over; the argument is the number of the handover, the payload the receiver.</summary>
    Handing = 7,
    /// <summary>The mark of that number is taken back.</summary>
    Kept = 8,
    /// <summary>The message has ended: it has been handed over.</summary>
    HandedOver = 9,
}
