namespace MailCluster.Spool;

/// <summary>A message's recipients at one destination, in the memory of this process: the unit that a queue holds and a delivery takes. Valid until the entry's last recipient is closed.</summary>
/// <param name="Index">The place in the spool's index.</param>
public readonly record struct EntryRef(int Index);
