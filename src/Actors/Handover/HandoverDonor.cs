using System.Collections.Concurrent;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>
/// Gives all mail of a node that leaves for good to its peers. The queue has let go of it before: nothing else touches the spool's messages while this runs. Several peers are given mail at a time, as
/// fast as each takes it; one that is full, or fails, is passed over for a while.
/// </summary>
/// <remarks>
/// <code>
/// free ─mark, durable─► marked for N ─sent, 250─► ended here
///   ▲                     │  │  └─────connection broke─► asked ─had────► ended here
///   └─────4xx, 5xx────────┘  │                             └──never──► free
///                            └─ time is up: stays marked, and the next start asks
/// </code>
/// </remarks>
public sealed class HandoverDonor
{
    /// <summary>How long answers from receivers that have gone are waited for, when all else is done: a machine restarts in that time. What they may have had stays on this disk otherwise, which nobody
    /// mounts any more.</summary>
    private static readonly TimeSpan AnswersLimit = TimeSpan.FromMinutes(5);

    /// <summary>How long a node that finds no member waits for one.</summary>
    private static readonly TimeSpan AloneLimit = TimeSpan.FromSeconds(30);

    private readonly HandoverParts _parts;
    private readonly HandoverInquiry _inquiry;
    private readonly HandoverStock _stock;
    private readonly ConcurrentDictionary<ulong, HandoverPeer> _given = new();
    private readonly HashSet<QueueId> _unreadable = [];
    private readonly Dictionary<ulong, long> _restsUntil = [];
    private long _handed;

    /// <summary>Makes it.</summary>
    public HandoverDonor(HandoverParts parts, HandoverInquiry inquiry)
    {
        ArgumentNullException.ThrowIfNull(inquiry);
        (_parts, _inquiry, _stock) = (parts, inquiry, new(parts.Time));
        inquiry.Kept = _stock.Put;
        inquiry.Had = count => Interlocked.Add(ref _handed, count);
    }

    /// <summary>Hands over what there is. Returns when nothing is left, or nobody is there to take it, or time is up; never throws for a peer's sake.</summary>
    /// <param name="wish">Why, and to whom.</param>
    /// <param name="limit">When time is up. What is under way then stays marked.</param>
    /// <param name="enough">Comes some time before <paramref name="limit"/>: nothing more is begun, so that what is under way can end.</param>
    public async Task<HandoverOutcome> RunAsync(HandoverWish.Yes wish, CancellationToken enough, CancellationToken limit)
    {
        ArgumentNullException.ThrowIfNull(wish);
        try
        {
            await _inquiry.BeginHandoverAsync(limit).ConfigureAwait(false);
            _parts.Logger.Begins(Refill(), wish.Reason);
            await GiveAllAsync(wish.Receivers, enough, limit).ConfigureAwait(false);
            await TakeLeaveAsync(limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
        }
        return Report();
    }

    private async Task GiveAllAsync(HandoverReceivers receivers, CancellationToken enough, CancellationToken limit)
    {
        var giving = new Dictionary<ulong, Task>();
        try
        {
            await GiveAllAsync(giving, receivers, enough, limit).ConfigureAwait(false);
        }
        finally
        {
            // They break off when time is up, and write down what they know: the spool closes next, and what is counted and reported is what it holds then.
            await Task.WhenAll(giving.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task GiveAllAsync(Dictionary<ulong, Task> giving, HandoverReceivers receivers, CancellationToken enough, CancellationToken limit)
    {
        var (seen, done, toldNobody) = (_parts.Time.GetTimestamp(), 0L, false);
        while (true)
        {
            foreach (var (spool, task) in giving.Where(static one => one.Value.IsCompleted).ToArray())
            {
                giving.Remove(spool);
                await task.ConfigureAwait(false);
            }
            if (giving.Count == 0)
            {
                if (enough.IsCancellationRequested)
                {
                    return;
                }
                if (_stock.Count == 0 && Refill() == 0)
                {
                    done = done == 0 ? _parts.Time.GetTimestamp() : done;
                    if (_inquiry.Count == 0 || _parts.Time.GetElapsedTime(done) > AnswersLimit)
                    {
                        return;
                    }
                }
            }
            if (!enough.IsCancellationRequested && _stock.Count > 0)
            {
                done = 0;
                var peers = await _parts.Peers(limit).ConfigureAwait(false);
                seen = peers.Count > 0 ? _parts.Time.GetTimestamp() : seen;
                foreach (var peer in peers.Where(peer => peer.Takes && receivers.Admit(peer.ClusterHost) && !giving.ContainsKey(peer.Spool) && !Rests(peer.Spool) && _stock.HasFor(peer.Spool)))
                {
                    _given[peer.Spool] = peer;
                    giving.Add(peer.Spool, Task.Run(() => GiveAsync(peer, enough, limit), CancellationToken.None));
                }
                if (giving.Count == 0 && !toldNobody)
                {
                    toldNobody = true;
                    _parts.Logger.NobodyTakes();
                }
                if (giving.Count == 0 && _parts.Time.GetElapsedTime(seen) > AloneLimit)
                {
                    return;
                }
            }
            await Task.WhenAny([.. giving.Values, Task.Delay(_parts.Pause, _parts.Time, limit)]).ConfigureAwait(false);
            limit.ThrowIfCancellationRequested();
        }
    }

    private bool Rests(ulong spool)
    {
        lock (_restsUntil)
        {
            return _restsUntil.TryGetValue(spool, out var until) && _parts.Time.GetTimestamp() < until;
        }
    }

    private void PassOver(HandoverPeer peer, string reason)
    {
        lock (_restsUntil)
        {
            _restsUntil[peer.Spool] = _parts.Time.GetTimestamp() + (long)(_parts.Pause.TotalSeconds * 2 * _parts.Time.TimestampFrequency);
        }
        _parts.Logger.PassedOver(peer.Receiver, reason);
    }

    private async Task GiveAsync(HandoverPeer peer, CancellationToken enough, CancellationToken limit)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(enough);
        var told = 0;
        await Task.WhenAll(Enumerable.Range(0, _parts.ConnectionsPerPeer).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            try
            {
                var connection = await DonorConnection.OpenAsync(peer, _parts.Spool.Id, _parts.Hostname, _parts.Tls, limit).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    while (!stop.IsCancellationRequested && _stock.Take(peer.Spool, _parts.Batch) is { Count: > 0 } messages)
                    {
                        await new HandoverBatch(_parts, _stock, _inquiry, peer).GiveAsync(connection, messages, Unreadable, Handed).ConfigureAwait(false);
                    }
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The first of the connections says it for all.
                if (Interlocked.Exchange(ref told, 1) == 0 && !limit.IsCancellationRequested)
                {
                    PassOver(peer, e.Message);
                }
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    private void Handed() => Interlocked.Increment(ref _handed);

    private void Unreadable(QueueId message)
    {
        lock (_unreadable)
        {
            _unreadable.Add(message);
        }
    }

    /// <summary>Puts into the stock what is neither marked nor given up; returns how many there are.</summary>
    private int Refill()
    {
        var marked = _parts.Spool.MarkedMessages().Select(static message => message.Id.Message).ToHashSet();
        lock (_unreadable)
        {
            _stock.Put(_parts.Spool.OpenMessages().Where(message => !marked.Contains(message) && !_unreadable.Contains(message)));
        }
        return _stock.Count;
    }

    /// <summary>Lets receivers forget what they had from here, where nothing is left to be asked.</summary>
    private async Task TakeLeaveAsync(CancellationToken limit)
    {
        var marked = _parts.Spool.MarkedMessages().Select(static message => HandoverPeer.SpoolOf(message.Receiver)).ToHashSet();
        await Task.WhenAll(_given.Values.Where(peer => !marked.Contains(peer.Spool)).Select(async peer =>
        {
            try
            {
                var connection = await DonorConnection.OpenAsync(peer, _parts.Spool.Id, _parts.Hostname, _parts.Tls, limit).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    await connection.ForgetAsync().ConfigureAwait(false);
                }
            }
            catch (IOException e)
            {
                // It remembers some octets a message for longer; no harm to any mail.
                _parts.Logger.ConnectionLost(peer.Receiver, e.Message);
            }
        })).ConfigureAwait(false);
    }

    private HandoverOutcome Report()
    {
        var marked = _parts.Spool.MarkedMessages().ToArray();
        var left = _parts.Spool.OpenMessages().LongCount();
        var outcome = new HandoverOutcome(Interlocked.Read(ref _handed), left, marked.Length);
        if (left == 0)
        {
            _parts.Logger.Done(outcome.Handed);
        }
        else
        {
            var receivers = marked.Length == 0 ? "none" : string.Join(", ", marked.GroupBy(static message => message.Receiver).Select(static group => $"{group.Count()} for {group.Key}"));
            _parts.Logger.LeftOver(outcome.Handed, left, _parts.Spool.OpenRecipients, _parts.Directory, marked.Length, receivers);
        }
        return outcome;
    }
}
