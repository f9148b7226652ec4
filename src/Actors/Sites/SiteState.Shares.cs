using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Sites;

/// <content>Who gets how much: max-min shares over demand, turns where there are more nodes than connections, and what the invariant leaves room for.</content>
internal sealed partial class SiteState
{
    private static readonly TimeSpan OfferInterval = TimeSpan.FromSeconds(1);

    /// <summary>The limits in force within the last time-to-live, oldest first.</summary>
    private readonly List<(TimeSpan Since, int Limit)> _limits = [];

    /// <summary>The limit that the last answer went by.</summary>
    public int LimitInForce => _limits.Count > 0 ? _limits[^1].Limit : 0;

    /// <summary>The limit in force: the lowest that any node with demand is configured to, so that during a change of configuration the more cautious one holds.</summary>
    private int LimitNow(TimeSpan now)
    {
        var limit = int.MaxValue;
        foreach (var holder in _holders.Values)
        {
            if (holder.Demands(now))
            {
                limit = Math.Min(limit, holder.Limit);
            }
        }

        if (limit == int.MaxValue)
        {
            return _limits.Count > 0 ? _limits[^1].Limit : 0;
        }

        if (_limits.Count == 0 || _limits[^1].Limit != limit)
        {
            _limits.Add((now, limit));
        }

        // The limit of an entry was in force until the next one began; older than a lease it allows nothing any more.
        while (_limits.Count > 1 && _limits[1].Since + Counted <= now)
        {
            _limits.RemoveAt(0);
        }

        return limit;
    }

    /// <summary>What the invariant leaves for a holder: now, what the others hold and this grant must fit the limit; at each time to come within the lease, the highest limit in force in the
    /// time-to-live before. A grant that is within what the holder has leased anyway adds nothing.</summary>
    private int Room(Holder holder, TimeSpan now)
    {
        var limit = LimitNow(now);
        var room = RoomAt(holder, now, limit, HighestLimitAt(now, limit));
        for (var i = 1; i < _limits.Count; i++)
        {
            // From here on, the limits before this one count no longer.
            var then = _limits[i].Since + Counted;
            if (then > now)
            {
                var highest = HighestLimitAt(then, limit);
                room = Math.Min(room, RoomAt(holder, then, highest, highest));
            }
        }

        return room;
    }

    private int RoomAt(Holder holder, TimeSpan then, int limit, int highest)
    {
        var others = 0;
        foreach (var other in _holders.Values)
        {
            if (other != holder)
            {
                others += other.CountedAt(then);
            }
        }

        // Found by simulation: what nodes tell of a predecessor's grants may be more than they hold, and renewing all of it would make it real.
        var leased = holder.LeasedAt(then);
        return others + leased <= highest ? Math.Max(limit - others, leased) : limit - others;
    }

    private int HighestLimitAt(TimeSpan then, int limit)
    {
        for (var i = 0; i < _limits.Count; i++)
        {
            var ends = i + 1 < _limits.Count ? _limits[i + 1].Since : TimeSpan.MaxValue;
            if (ends > then - Counted)
            {
                limit = Math.Max(limit, _limits[i].Limit);
            }
        }

        return limit;
    }

    /// <summary>A node's share of the limit.</summary>
    private int Target(Holder holder, TimeSpan now)
    {
        ShareOut(now);
        return holder.Share;
    }

    /// <summary>Says of each node what its share of the limit is: once for all of them, since a large cluster has many.</summary>
    private void ShareOut(TimeSpan now)
    {
        var left = LimitNow(now);
        var demanding = new List<Holder>(_holders.Count);
        foreach (var holder in _holders.Values)
        {
            holder.Share = 0;
            if (holder.Demands(now))
            {
                demanding.Add(holder);
            }
        }

        if (demanding.Count > left)
        {
            foreach (var holder in Turns(demanding, now).Take(left))
            {
                holder.Share = 1;
            }

            return;
        }

        // Max-min: the smallest demand first, each an equal part of what is left. Equal demands in a fixed order, so that shares do not wander.
        demanding.Sort(static (a, b) => a.Demand != b.Demand ? a.Demand.CompareTo(b.Demand) : CompareIds(a.Node, b.Node));
        for (var i = 0; i < demanding.Count; i++)
        {
            demanding[i].Share = Math.Min(demanding[i].Demand, left / (demanding.Count - i));
            left -= demanding[i].Share;
        }
    }

    private static int CompareIds(NodeId a, NodeId b) => string.CompareOrdinal(a.Address, b.Address) is not 0 and var order ? order : a.Incarnation.CompareTo(b.Incarnation);

    /// <summary>More nodes than connections: first those whose turn has begun and is not over, then those that wait, longest first, then those whose turn is over.</summary>
    private static IEnumerable<Holder> Turns(IEnumerable<Holder> demanding, TimeSpan now) => demanding
        .OrderBy(holder => holder switch
        {
            { ServedSince: { } since } when now - since < LeaseTiming.Turn => 0,
            { ServedSince: null, Offered.Times: < 3 } => 1,
            { ServedSince: null } => 2,     // Does not take what it is offered: may be gone.
            _ => 3,
        })
        .ThenBy(holder => holder.ServedSince is { } since ? -since : holder.WaitingSince ?? now)
        .ThenBy(holder => holder.Node.Address, StringComparer.Ordinal)
        .ThenBy(holder => holder.Node.Incarnation);

    /// <summary>Where slots go round, those that wait longer than this one that has none: whatever is free is theirs, though it asks first.</summary>
    private int WaitingBefore(Holder holder, TimeSpan now)
    {
        if (holder.CountedAt(now) > 0 || holder.WaitingSince is not { } since)
        {
            return 0;
        }

        var (demanding, before) = (0, 0);
        foreach (var other in _holders.Values)
        {
            if (other.Demands(now))
            {
                demanding++;
                before += other.WaitingSince < since && other.CountedAt(now) == 0 && other.Offered.Times < 3 ? 1 : 0;
            }
        }

        return demanding > LimitNow(now) ? before : 0;
    }

    /// <summary>Tells those who have less than their share, longest waiting first, that there is room: they ask then.</summary>
    private void Offer(Membership.View view, Moment at, List<SiteEffect> effects)
    {
        var now = at.Monotonic;
        if (IsOpen || !view.IsCurrent(at))
        {
            return;
        }

        if (IsLearning)
        {
            OfferContinued(view, now, effects);
            return;
        }

        var room = LimitNow(now) - _holders.Values.Sum(holder => holder.CountedAt(now));
        if (room <= 0)
        {
            return;
        }

        ShareOut(now);
        foreach (var holder in _holders.Values.Where(holder => holder.Share > holder.CountedAt(now)).OrderBy(holder => holder.WaitingSince ?? TimeSpan.MaxValue))
        {
            var lacks = Math.Min(holder.Share - holder.CountedAt(now), room);

            room -= lacks;      // Kept for it even where it was offered a moment ago and has not asked yet.
            if (holder.Offered.Times == 0 || now - holder.Offered.At >= OfferInterval)
            {
                Offer(holder, now, effects);
            }

            if (room == 0)
            {
                return;
            }
        }
    }

    /// <summary>While learning: tells those who may go on with what they had, and do not know it yet.</summary>
    private void OfferContinued(Membership.View view, TimeSpan now, List<SiteEffect> effects)
    {
        foreach (var holder in _holders.Values)
        {
            if (holder.Demands(now) && holder.LeasedAt(now) == 0 && (holder.Offered.Times == 0 || now - holder.Offered.At >= OfferInterval) && Continued(holder, view, now) > 0)
            {
                Offer(holder, now, effects);
            }
        }
    }

    private void Offer(Holder holder, TimeSpan now, List<SiteEffect> effects)
    {
        holder.Offered = (now, holder.Offered.Times + 1);
        effects.Add(new SiteEffect.Tell(holder.Node, new SiteProtocol.Offered(_site, _epoch)));
    }
}
