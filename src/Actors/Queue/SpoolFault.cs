namespace MailCluster.Actors.Queue;

/// <summary>Why an entry could not be opened.</summary>
internal enum SpoolFault : byte
{
    /// <summary>Its record is damaged; the spool has set the message aside and said so.</summary>
    Damaged,
    /// <summary>The disk did not give it; it may later.</summary>
    Unreadable,
}
