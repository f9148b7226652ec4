using System.Collections.Concurrent;

namespace MailCluster.Actors.Facts;

/// <summary>
/// The newest facts that a node has heard of each entity, in memory, and in <c>data/facts</c> some seconds later: what a crash loses of them costs an early attempt, no mail. Safe from any thread.
/// </summary>
public sealed class FactStore
{
    /// <summary>Facts kept. Beyond, those that expire first go. Some 200 octets each.</summary>
    public const int Limit = 20_000;

    private readonly ConcurrentDictionary<FactKey, Fact> _facts = new();
    private int _count;
    private int _changes;

    /// <summary>Rises with every change.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>How many are kept.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a fact in where it is newer than what is known.</summary>
    public void Keep(FactKey key, Fact? fact, DateTimeOffset now)
    {
        if (fact is null || fact.Expires <= now)
        {
            return;
        }

        while (true)
        {
            if (!_facts.TryGetValue(key, out var known))
            {
                if (!_facts.TryAdd(key, fact))
                {
                    continue;
                }

                if (Interlocked.Increment(ref _count) > Limit)
                {
                    MakeRoom(now);
                }
            }
            else if (fact.Version <= known.Version)
            {
                return;
            }
            else if (!_facts.TryUpdate(key, fact, known))
            {
                continue;
            }

            Interlocked.Increment(ref _changes);
            return;
        }
    }

    /// <summary>What is known of an entity; null for nothing.</summary>
    public Fact? Find(FactKey key, DateTimeOffset now) => _count > 0 && _facts.TryGetValue(key, out var fact) && fact.Expires > now ? fact : null;

    /// <summary>All that has not expired.</summary>
    public IReadOnlyList<(FactKey Key, Fact Fact)> All(DateTimeOffset now)
    {
        Remove(_facts.Where(entry => entry.Value.Expires <= now));
        return [.. _facts.Select(entry => (entry.Key, entry.Value))];
    }

    /// <summary>A tenth at once, so that a flood of new ones does not sort them all each time.</summary>
    private void MakeRoom(DateTimeOffset now)
    {
        Remove(_facts.Where(entry => entry.Value.Expires <= now));
        if (Count > Limit)
        {
            Remove(_facts.ToArray().OrderBy(entry => entry.Value.Expires).Take(Limit / 10));
        }
    }

    private void Remove(IEnumerable<KeyValuePair<FactKey, Fact>> entries)
    {
        foreach (var entry in entries)
        {
            if (_facts.TryRemove(entry))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }
}
