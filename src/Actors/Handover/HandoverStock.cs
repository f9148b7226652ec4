using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>The messages that a donor has still to give away, and who has refused which. Called from several threads.</summary>
internal sealed class HandoverStock
{
    private readonly Lock _gate = new();
    private readonly Queue<QueueId> _free = new();
    private readonly Dictionary<QueueId, HashSet<ulong>> _refused = [];
    private readonly Queue<QueueId> _refusedFree = new();

    /// <summary>Messages that may be given to somebody.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _free.Count + _refusedFree.Count;
            }
        }
    }

    /// <summary>Puts messages in, or back.</summary>
    public void Put(IEnumerable<QueueId> messages)
    {
        lock (_gate)
        {
            foreach (var message in messages)
            {
                (_refused.ContainsKey(message) ? _refusedFree : _free).Enqueue(message);
            }
        }
    }

    /// <summary>A receiver cannot take a message, now or ever: it is not offered there again.</summary>
    public void Refuse(QueueId message, ulong receiver)
    {
        lock (_gate)
        {
            if (!_refused.TryGetValue(message, out var receivers))
            {
                _refused.Add(message, receivers = []);
            }
            receivers.Add(receiver);
        }
    }

    /// <summary>Whether there is something for a receiver.</summary>
    public bool HasFor(ulong receiver)
    {
        lock (_gate)
        {
            return _free.Count > 0 || _refusedFree.Any(message => !_refused[message].Contains(receiver));
        }
    }

    /// <summary>Takes up to so many messages for a receiver, the oldest first.</summary>
    public List<QueueId> Take(ulong receiver, int most)
    {
        var taken = new List<QueueId>(most);
        lock (_gate)
        {
            while (taken.Count < most && _free.TryDequeue(out var message))
            {
                taken.Add(message);
            }
            for (var left = _refusedFree.Count; left > 0 && taken.Count < most; left--)
            {
                var message = _refusedFree.Dequeue();
                if (_refused[message].Contains(receiver))
                {
                    _refusedFree.Enqueue(message);
                }
                else
                {
                    taken.Add(message);
                }
            }
        }
        return taken;
    }
}
