using DnsClient;

namespace MailCluster.Actors.Delivery;

/// <summary>Answers by question, each for its time to live, so many at most: the one not used for longest goes first. Who asks what is being asked already waits for that answer.</summary>
/// <param name="size">Answers kept.</param>
/// <param name="clock">For the times to live.</param>
internal sealed class DnsCache(int size, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Question, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();

    /// <summary>Answers kept or awaited now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>The answer kept if it is no older than <paramref name="maxAge"/>, else the one that is awaited, else a new one.</summary>
    public Task<DnsAnswer> GetAsync(Question question, TimeSpan maxAge, Func<Question, Task<DnsAnswer>> ask)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (_entries.TryGetValue(question, out var node))
            {
                var known = node.Value;
                if (!known.Answer.IsCompleted || (known.Answer.IsCompletedSuccessfully && IsFresh(known, now, maxAge)))
                {
                    _byUse.Remove(node);
                    _byUse.AddLast(node);
                    return known.Answer;
                }

                _byUse.Remove(node);
                _entries.Remove(question);
            }

            // Started outside of the caller's stack: the lookup may not run under the lock.
            var entry = new Entry(question, now, Task.Run(() => ask(question)));
            _entries[question] = _byUse.AddLast(entry);
            while (_entries.Count > size && _byUse.First is { } oldest)
            {
                _byUse.RemoveFirst();
                _entries.Remove(oldest.Value.Question);
            }

            return entry.Answer;
        }
    }

    private bool IsFresh(Entry entry, long now, TimeSpan maxAge)
    {
        var age = clock.GetElapsedTime(entry.AskedAt, now);
        return age < maxAge && age < entry.Answer.Result.TimeToLive;
    }

    /// <summary>A name and a record type.</summary>
    public readonly record struct Question(string Name, QueryType Type);

    private sealed record Entry(Question Question, long AskedAt, Task<DnsAnswer> Answer);
}
