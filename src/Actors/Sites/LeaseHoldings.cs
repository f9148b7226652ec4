using System.Collections.Concurrent;

namespace MailCluster.Actors.Sites;

/// <summary>
/// What this node's pools hold of each site, and the newest incarnation of each site actor that has asked for it. The gate between the two: once an incarnation was told what is held,
/// no answer of an older one takes effect here. One per node, used by all threads.
/// </summary>
public sealed class LeaseHoldings
{
    /// <summary>An incarnation that asked is remembered for longer than an answer of its predecessor could still be of use.</summary>
    private static readonly TimeSpan Remembered = LeaseTiming.TimeToLive * 2;

    private readonly ConcurrentDictionary<SiteKey, Entry> _entries = new();
    private long _asked;

    /// <summary>A pool takes what an answer gave it. Returns the newest incarnation known; where that is newer than the one that answered, nothing was taken, and the answer must be ignored as
    /// if it had been lost.</summary>
    /// <param name="site">The site.</param>
    /// <param name="epoch">The incarnation that answered.</param>
    /// <param name="connections">The connections leased; 0 where the answer took the lease away or the pool gives it back.</param>
    /// <param name="expires">When the lease ends, counted from the sending of the request.</param>
    public Epoch Hold(SiteKey site, Epoch epoch, int connections, Moment expires)
    {
        while (true)
        {
            if (_entries.TryGetValue(site, out var known))
            {
                if (epoch < known.Epoch)
                {
                    return known.Epoch;
                }

                if (_entries.TryUpdate(site, known with { Epoch = epoch, GrantedBy = epoch, Connections = connections, Expires = expires }, known))
                {
                    return epoch;
                }
            }
            else if (_entries.TryAdd(site, new Entry(epoch, epoch, default, epoch, connections, expires, Moment.Never)))
            {
                return epoch;
            }
        }
    }

    /// <summary>A pool ends: it holds nothing and has no request under way. A lease that has run out is remembered for a while all the same, see <see cref="HeldLease.Remaining"/>.</summary>
    public void Release(SiteKey site, Moment now)
    {
        if (_entries.TryGetValue(site, out var entry) && !(entry.Connections > 0 && entry.Expires.HasCome(now)))
        {
            _entries.TryRemove(KeyValuePair.Create(site, entry));
        }
    }

    /// <summary>Tells a new incarnation what is held, and shuts out all older ones. Returns the newest incarnation known; where that is newer than the one that asks, nothing is shut out, but
    /// what is held is told all the same: one that has meanwhile become that newest may take this for the answer to its later question.</summary>
    public Epoch Tell(SiteKey site, Epoch asking, Moment now, out HeldLease lease)
    {
        if (Interlocked.Increment(ref _asked) % 1024 == 0)
        {
            Forget(now);
        }

        while (true)
        {
            if (!_entries.TryGetValue(site, out var known))
            {
                known = new Entry(asking, default, asking, default, 0, Moment.Never, Moment.Never);
                if (!_entries.TryAdd(site, known))
                {
                    continue;
                }
            }

            var first = asking != known.AskedBy;
            var before = first ? known.Epoch : known.BeforeAsked;
            lease = known.Connections > 0 ? Told(known, now, known.GrantedBy == before) : default;
            if (asking < known.Epoch)
            {
                return known.Epoch;
            }

            if (!_entries.TryUpdate(site, known with { Epoch = asking, AskedBy = asking, BeforeAsked = before, AskedUntil = now.Plus(Remembered) }, known))
            {
                continue;
            }

            return asking;
        }
    }

    /// <summary>What the monotonic clock leaves of the lease counts: a wall clock that was set forward may be set back, and then the lease is in force again (found by simulation).</summary>
    private static HeldLease Told(Entry known, Moment now, bool isLastGranter)
    {
        var (monotonic, wall) = (known.Expires.Monotonic - now.Monotonic, known.Expires.Wall - now.Wall);
        return new(known.Connections, monotonic, isLastGranter && (monotonic - wall).Duration() <= LeaseTiming.Drift ? known.GrantedBy.Node : 0);
    }

    /// <summary>Drops what only served to shut out incarnations that cannot answer any more. Bounded so by the sites asked for within that time.</summary>
    private void Forget(Moment now)
    {
        foreach (var (site, entry) in _entries)
        {
            if ((entry.Connections == 0 || entry.Expires.Plus(LeaseTiming.Grace).HasSurelyCome(now)) && entry.AskedUntil.HasSurelyCome(now))
            {
                _entries.TryRemove(KeyValuePair.Create(site, entry));
            }
        }
    }

    /// <summary>What is known of one site.</summary>
    /// <param name="Epoch">The newest incarnation heard of.</param>
    /// <param name="GrantedBy">Which granted.</param>
    /// <param name="AskedBy">Which asked last.</param>
    /// <param name="BeforeAsked">The newest heard of before that one asked.</param>
    /// <param name="Connections">What is leased.</param>
    /// <param name="Expires">Until when.</param>
    /// <param name="AskedUntil">How long the one that asked is remembered.</param>
    private sealed record Entry(Epoch Epoch, Epoch GrantedBy, Epoch AskedBy, Epoch BeforeAsked, int Connections, Moment Expires, Moment AskedUntil);
}
