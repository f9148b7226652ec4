namespace MailCluster.Spool.CrashWorker;

/// <summary>Entries that wait for their next attempt, taken in any order.</summary>
internal sealed class Pool(int kept)
{
    private readonly List<MailEntry> _entries = [];

    public void Add(MailEntry entry)
    {
        lock (_entries)
        {
            _entries.Add(entry);
        }
    }

    /// <summary>One of them; null where there is none, or, with <paramref name="atLeast"/>, no more than are kept.</summary>
    public MailEntry? TryTake(Random random, bool atLeast)
    {
        lock (_entries)
        {
            if (_entries.Count <= (atLeast ? kept : 0))
            {
                return null;
            }
            var chosen = random.Next(_entries.Count);
            var entry = _entries[chosen];
            _entries[chosen] = _entries[^1];
            _entries.RemoveAt(_entries.Count - 1);
            return entry;
        }
    }
}
