using MailCluster.Protocol.Addressing;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>Says which queue actor of this node has a domain. The same domain always lies in the same partition while the process runs, so one actor decides alone about it.</summary>
/// <param name="count">How many queue actors there are, at least one.</param>
public sealed class QueuePartitions(int count)
{
    /// <summary>How many there are.</summary>
    public int Count { get; } = count > 0 ? count : throw new ArgumentOutOfRangeException(nameof(count));

    /// <summary>The partition of a domain: FNV-1a over its characters, mixed once more because the low bits alone choose.</summary>
    public int Of(DomainName domain)
    {
        if (Count == 1)
        {
            return 0;
        }
        var hash = 2166136261u;
        foreach (var character in domain.Value)
        {
            hash = (hash ^ character) * 16777619u;
        }
        hash ^= hash >> 15;
        hash *= 2246822519u;
        hash ^= hash >> 13;
        return (int)(hash % (uint)Count);
    }

    /// <summary>Copies a batch of arrivals apart, one list for each partition that has some; <paramref name="to"/> owns what it gets.</summary>
    public void Split(IReadOnlyList<Arrival> arrivals, Action<int, IReadOnlyList<Arrival>> to)
    {
        var parts = new List<Arrival>?[Count];
        for (var i = 0; i < arrivals.Count; i++)
        {
            (parts[Of(arrivals[i].Destination)] ??= new(Count == 1 ? arrivals.Count : 4)).Add(arrivals[i]);
        }
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] is { } part)
            {
                to(i, part);
            }
        }
    }
}
