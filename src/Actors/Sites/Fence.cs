using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <summary>
/// Whether this node is current: a majority of the members it knows, itself included, has answered a ping that was sent within <see cref="LeaseTiming.Fence"/>. Only a current node grants, so
/// that neither a minority nor one that wakes from a pause does. A cluster of one is always current.
/// </summary>
/// <param name="self">This node.</param>
public sealed class Fence(NodeId self)
{
    private static readonly Moment Forever = new(TimeSpan.MaxValue, DateTimeOffset.MaxValue);

    private readonly Dictionary<NodeId, Moment> _answered = [];
    private readonly Queue<(long Number, Moment Sent)> _sent = new();
    private long _number;

    /// <summary>The members known now. One that returns after it was removed is another incarnation and starts unanswered.</summary>
    public void Know(IReadOnlyCollection<NodeId> members)
    {
        foreach (var gone in _answered.Keys.Where(node => !members.Contains(node)).ToList())
        {
            _answered.Remove(gone);
        }

        foreach (var node in members)
        {
            if (node != self)
            {
                _answered.TryAdd(node, Moment.Never);
            }
        }
    }

    /// <summary>The other members, to be pinged.</summary>
    public IReadOnlyCollection<NodeId> Others => _answered.Keys;

    /// <summary>True for a member that has answered nothing yet.</summary>
    public bool Misses(NodeId node) => _answered.TryGetValue(node, out var answered) && answered == Moment.Never;

    /// <summary>Numbers the pings that are sent now.</summary>
    public long Sent(Moment now)
    {
        while (_sent.TryPeek(out var oldest) && oldest.Sent.Plus(LeaseTiming.Fence).HasSurelyCome(now))
        {
            _sent.Dequeue();
        }

        _sent.Enqueue((++_number, now));
        return _number;
    }

    /// <summary>A member has answered a ping.</summary>
    public void Answered(NodeId node, long number)
    {
        if (!_answered.TryGetValue(node, out var newest))
        {
            return;
        }

        foreach (var (sentNumber, sent) in _sent)
        {
            if (sentNumber == number && sent.Monotonic > newest.Monotonic)
            {
                _answered[node] = sent;
            }
        }
    }

    /// <summary>Until when this node is current if no further answer comes; in the past where it is not.</summary>
    public Moment CurrentUntil
    {
        get
        {
            var needed = (_answered.Count + 1) / 2;     // of the others: with this node, more than half of all
            if (needed == 0)
            {
                return Forever;
            }

            var newest = _answered.Values.OrderByDescending(sent => sent.Monotonic).Take(needed).ToList();
            var oldest = newest[^1];
            return oldest == Moment.Never ? Moment.Never : new Moment(oldest.Monotonic, newest.Min(sent => sent.Wall)).Plus(LeaseTiming.Fence);
        }
    }
}
