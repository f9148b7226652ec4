using System.Collections.Concurrent;
using MailCluster.Actors.Events;
using MailCluster.Spool;

namespace MailCluster.Actors.Handover;

/// <summary>
/// Asks receivers about messages that are marked for them and of which nobody knows whether they arrived: those that a start finds, and those of connections that broke. What a receiver had ends here;
/// what it never had is kept, and queued again. As long as a receiver cannot be asked, its messages stay marked: they are neither delivered nor given to anybody else.
/// </summary>
public sealed class HandoverInquiry : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A leaving node has no time to lose.</summary>
    private static readonly TimeSpan LongestWhileHandingOver = TimeSpan.FromSeconds(2);

    private readonly HandoverParts _parts;
    private readonly ConcurrentDictionary<HandoverId, string> _open = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    // Members that answer and do not know: their own disk is damaged. Guarded by the pass.
    private readonly HashSet<ulong> _cannotSay = [];
    private readonly SemaphoreSlim _wake = new(0);
    private readonly SemaphoreSlim _pass = new(1);
    private readonly CancellationTokenSource _end = new();
    private volatile bool _handingOver;
    private Task _running = Task.CompletedTask;

    /// <summary>Makes it; nothing is asked before <see cref="Start"/>.</summary>
    public HandoverInquiry(HandoverParts parts) => _parts = parts;

    /// <summary>Messages whose receivers have to be asked.</summary>
    public int Count => _open.Count;

    /// <summary>How many messages wait for the word of which receiver.</summary>
    public IReadOnlyList<(string Receiver, int Messages)> Awaited => [.. _open.GroupBy(static open => open.Value).Select(static group => (group.Key, group.Count())).OrderBy(static one => one.Key, StringComparer.Ordinal)];

    /// <summary>Told of the messages that were kept.</summary>
    internal Action<IReadOnlyList<QueueId>>? Kept { get; set; }

    /// <summary>Told how many ended here.</summary>
    internal Action<int>? Had { get; set; }

    /// <summary>Begins, with what the spool has marked from an earlier life of the node.</summary>
    public void Start()
    {
        Add(_parts.Spool.MarkedMessages());
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes further messages: nothing of them is on its way any more as far as this node knows.</summary>
    internal void Add(IEnumerable<HandingOver> messages)
    {
        var any = false;
        foreach (var message in messages)
        {
            any |= _open.TryAdd(message.Id, message.Receiver);
        }
        if (any)
        {
            _wake.Release();
        }
    }

    /// <summary>From now on the donor itself says when all is over with a receiver. Returns when no such word is on its way.</summary>
    internal async Task BeginHandoverAsync(CancellationToken cancellation)
    {
        _handingOver = true;
        await _pass.WaitAsync(cancellation).ConfigureAwait(false);
        _pass.Release();
        _wake.Release();
    }

    /// <summary>
    /// An operator says that a receiver is gone for good, with its disk: what is marked for it is kept without its word, and queued again. Should it come back with the disk, what it had is delivered
    /// twice. Returns how many messages there were; null where it is a member that may yet give its word.
    /// </summary>
    /// <param name="receiver">The id of its spool.</param>
    /// <param name="author">Who says so.</param>
    /// <param name="cancellation">Gives up the wait for a question that is under way.</param>
    /// <exception cref="IOException">It could not be written; repeat it.</exception>
    public async Task<int?> KeepAsync(ulong receiver, string author, CancellationToken cancellation)
    {
        await _pass.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if ((await _parts.Peers(cancellation).ConfigureAwait(false)).Any(peer => peer.Spool == receiver) && !_cannotSay.Contains(receiver))
            {
                return null;
            }
            List<HandoverId> kept = [.. _open.Where(open => HandoverPeer.SpoolOf(open.Value) == receiver).Select(static open => open.Key)];
            await _parts.Spool.KeepAsync(kept).ConfigureAwait(false);
            Close(kept);
            Kept?.Invoke([.. kept.Select(static handover => handover.Message)]);
            if (kept.Count > 0)
            {
                _parts.Logger.KeptByOrder(kept.Count, receiver, author);
            }
            return kept.Count;
        }
        finally
        {
            _pass.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _wake.Dispose();
        _pass.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_end.IsCancellationRequested)
        {
            if (_open.IsEmpty)
            {
                pause = FirstPause;
                await _wake.WaitAsync(_end.Token).ConfigureAwait(false);
                continue;
            }
            await _pass.WaitAsync(_end.Token).ConfigureAwait(false);
            try
            {
                await AskAllAsync().ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever went wrong, the messages stay marked, and the next round asks again.
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _parts.Logger.InquiryFailed(e);
            }
#pragma warning restore CA1031
            finally
            {
                _pass.Release();
            }
            if (!_open.IsEmpty)
            {
                // Something new does not wait for the pause of what cannot be asked.
                var isNew = await _wake.WaitAsync(pause, _end.Token).ConfigureAwait(false);
                var longest = _handingOver ? LongestWhileHandingOver : LongestPause;
                pause = isNew ? FirstPause : pause * 2 < longest ? pause * 2 : longest;
            }
        }
    }

    private async Task AskAllAsync()
    {
        var peers = await _parts.Peers(_end.Token).ConfigureAwait(false);
        foreach (var group in _open.GroupBy(static open => open.Value).ToArray())
        {
            var spool = HandoverPeer.SpoolOf(group.Key);
            var peer = peers.FirstOrDefault(peer => peer.Spool == spool);
            try
            {
                if (peer is null)
                {
                    throw new IOException("it is no member of the cluster now");
                }
                await AskAsync(peer, group.Key, [.. group.Select(static open => open.Key)]).ConfigureAwait(false);
                _told.Remove(group.Key);
            }
            catch (IOException e)
            {
                if (_told.Add(group.Key))
                {
                    _parts.Logger.CannotAsk(group.Count(), group.Key, e.Message, spool);
                }
            }
        }
    }

    private async Task AskAsync(HandoverPeer peer, string receiver, List<HandoverId> handovers)
    {
        var connection = await DonorConnection.OpenAsync(peer, _parts.Spool.Id, _parts.Hostname, _parts.Tls, _end.Token).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var answers = await connection.AskAsync(handovers).ConfigureAwait(false);
            var had = Those(true);
            var never = Those(false);
            await _parts.Spool.EndHandedOverAsync(had).ConfigureAwait(false);
            Close(had);
            foreach (var handover in had)
            {
                _parts.Logger.HandedOver(handover.Message, peer.Receiver);
                _parts.Events.Write(new FateEvent { Type = FateEventType.HandedOver, At = _parts.Time.GetUtcNow(), Id = handover.Message, PeerName = peer.Name });
            }
            Had?.Invoke(had.Count);
            await _parts.Spool.KeepAsync(never).ConfigureAwait(false);
            Close(never);
            Kept?.Invoke([.. never.Select(static handover => handover.Message)]);
            if (had.Count + never.Count > 0)
            {
                _parts.Logger.Asked(receiver, had.Count, never.Count);
            }
            if (!_handingOver && !_parts.Spool.MarkedMessages().Any(message => HandoverPeer.SpoolOf(message.Receiver) == peer.Spool))
            {
                await connection.ForgetAsync().ConfigureAwait(false);
            }

            if (had.Count + never.Count == handovers.Count)
            {
                _cannotSay.Remove(peer.Spool);
                return;
            }
            _cannotSay.Add(peer.Spool);
            throw new IOException("it answers that it does not know; its own log says why");

            List<HandoverId> Those(bool answer) => [.. handovers.Where((_, i) => answers[i] == answer)];
        }
    }

    private void Close(List<HandoverId> handovers)
    {
        foreach (var handover in handovers)
        {
            _open.TryRemove(handover, out _);
        }
    }
}
