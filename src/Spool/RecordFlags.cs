namespace MailCluster.Spool;

/// <summary>What a record's header says besides its type, on disk.</summary>
[Flags]
internal enum RecordFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The first record of its write: whatever stands before it in the segment had been synced, so that what is unreadable there is damage, not a torn tail.</summary>
    BatchStart = 1,
    /// <summary>Of a snapshot: the content is in <c>large/</c>.</summary>
    LargeContent = 2,
    /// <summary>Of a message: its envelope names recipients of another message that it reports.</summary>
    Report = 4,
    /// <summary>Of an outcome: it is what the commit of a report did to the message reported; the payload begins with the report's number.</summary>
    FromReport = 8,
    /// <summary>Of a snapshot: its prefix says how often it has been marked, and behind the states stands from whom it was received and for whom it is marked.</summary>
    Handover = 16,
}
