using System.Diagnostics.CodeAnalysis;
using System.Net;
using Akka.Actor;
using Akka.Event;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>
/// The shell of one outbound connection: a loop that connects, opens the session, and sends what <see cref="MailTransaction"/> lets it send. One logical thread; jobs and the wish to
/// close are handed in from the actor. Goes from host to host by itself; ends when no host is left, when it is told to close, or when it has nothing more to do.
/// </summary>
/// <remarks>What it tells the pool leaves from the loop's thread, in the actor's name: a message makes two hops, the job's mailbox and the socket's completion.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "What it owns is disposed where its life ends: at the end of RunAsync.")]
internal sealed partial class OutboundConnection
{
    /// <summary>How long QUIT may hold the slot.</summary>
    private static readonly TimeSpan _quitWait = TimeSpan.FromSeconds(1);

    private static readonly SitePoolProtocol.Idle _servedIdle = new(SitePoolProtocol.OutboundState.Served);

    private static readonly SitePoolProtocol.Idle _connectedIdle = new(SitePoolProtocol.OutboundState.Connected);

    private static long _sessions = Random.Shared.NextInt64(1L << 40);

    private readonly OutboundSettings _settings;
    private readonly IActorRef _pool;
    private readonly IActorRef _self;
    private readonly OutboundLog _log;
    private readonly string _session = $"o{Interlocked.Increment(ref _sessions):x}";

    private readonly Wake _wake = new();
    private readonly Deadline _deadline;
    private readonly Action _onReceived;
    private readonly CancellationTokenSource _stop = new();

    private readonly Lock _gate = new();
    private readonly Queue<DeliveryJob> _offered = new();
    private bool _isSealed;
    private volatile bool _isClosing;
    private volatile bool _isIdle;
    private volatile bool _idleExpired;
    private volatile bool _timedOut;

    private readonly List<OutboundJob> _inHand = [];
    private HostCursor _cursor;
    private volatile OutboundTransport? _transport;
    private bool _wasConnected;

    public OutboundConnection(OutboundSettings settings, IActorRef pool, IActorRef self, ILoggingAdapter log)
    {
        _settings = settings;
        _pool = pool;
        _self = self;
        _log = new(log, _session);
        _onReceived = _wake.Signal;
        _deadline = new(settings.Time, OnExpired);
        _cursor = new(settings.Route.Hosts, Random.Shared);
    }

    /// <summary>Hands in a job. False where the loop has ended: the job is untouched.</summary>
    public bool Offer(DeliveryJob job)
    {
        lock (_gate)
        {
            if (_isSealed)
            {
                return false;
            }
            _offered.Enqueue(job);
        }
        _wake.Signal();
        return true;
    }

    /// <summary>Begin no transaction; finish what runs, then end.</summary>
    public void Close()
    {
        _isClosing = true;
        _stop.Cancel();
        _wake.Signal();
    }

    /// <summary>Ends at once, whatever runs: the actor is being stopped.</summary>
    public void Abort()
    {
        Close();
        _transport?.Abort();
    }

    /// <summary>The connection's life.</summary>
    /// <returns>Why no host could be reached; null where it ended in order.</returns>
    public async Task<DeliveryFailure?> RunAsync()
    {
        DeliveryFailure? failure = null;
        try
        {
            failure = await VisitHostsAsync().ConfigureAwait(false);
        }
        catch (Exception bug)
        {
            // The jobs must come home whatever happened, and not as untouched: they would be back here at once.
            _log.Failed(bug);
            failure = new(FailureScope.Destination, new Reply(451, new(4, 3, 0), "internal error"), null, IsLocal: true);
        }
        finally
        {
            _transport?.Dispose();
            _deadline.Dispose();
            GiveBack(failure);
            _content.Dispose();
        }
        return failure;
    }

    private async Task<DeliveryFailure?> VisitHostsAsync()
    {
        DeliveryFailure? sum = null;
        while (_cursor.Host is { } host)
        {
            if (_isClosing)
            {
                return null;
            }
            var (departure, address) = await VisitAsync(host, _cursor.Addresses, TlsUse.Opportunistic).ConfigureAwait(false);
            if (departure is null && address is not null)
            {
                (departure, _) = await VisitAsync(host, [address], TlsUse.Refrain).ConfigureAwait(false);
            }
            EndJobsThatAreOver();
            switch (departure)
            {
                case Departure.Finished:
                    return null;
                case Departure.PeerClosed when _served > 0 && !HasWork:
                    return null;
                case Departure.BrokenOff:
                case Departure.PeerClosed or Departure.HostFailed when _served > 0:
                    // It worked, then it ended: a fresh start with all hosts. Each round has finished a transaction, so this comes to an end.
                    _cursor = new(_settings.Route.Hosts, Random.Shared);
                    sum = null;
                    break;
                case Departure.MailPutOff(var refusal):
                    sum = HostFailures.Add(sum, refusal);
                    _cursor.LeaveHost();
                    break;
                default:
                    var failed = departure is Departure.HostFailed(var why) ? why : HostFailures.Lost(ClientStep.Idle, host.Name);
                    if (address is not null)
                    {
                        failed = failed with { Address = new IPEndPoint(address, host.Port).ToString() };
                    }
                    _log.LeftHost(host.Name, failed);
                    sum = HostFailures.Add(sum, failed);
                    if (address is null)
                    {
                        _cursor.LeaveHost();
                    }
                    else
                    {
                        _cursor.LeaveAddress(address);
                    }
                    break;
            }
        }
        return sum is null ? null : HostFailures.NoneLeft(sum);
    }

    private bool HasWork
    {
        get
        {
            lock (_gate)
            {
                return _inHand.Count > 0 || _offered.Count > 0;
            }
        }
    }

    private bool TryTake(out DeliveryJob job)
    {
        lock (_gate)
        {
            return _offered.TryDequeue(out job!);
        }
    }

    /// <summary>Ends all jobs: with what was said of them, and with the failure for those of whom nothing was said.</summary>
    private void GiveBack(DeliveryFailure? failure)
    {
        foreach (var job in _inHand)
        {
            if (job.Refusal is { } refusal && failure is not null && _peer is not null)
            {
                job.RefuseOpen(refusal, _peer);
            }
            Tell(job.End(failure));
        }
        _inHand.Clear();
        lock (_gate)
        {
            _isSealed = true;
        }
        while (TryTake(out var untouched))
        {
            Tell(new JobEnded(untouched, null, [], failure));
        }
    }

    private void EndJobsThatAreOver()
    {
        for (var i = _inHand.Count - 1; i >= 0; i--)
        {
            EndIfOver(_inHand[i]);
        }
    }

    private void EndIfOver(OutboundJob job)
    {
        if (job.IsOver && _inHand.Remove(job))
        {
            Tell(job.End(null));
            _spare.Push(job);
            if (!_isClosing && _begun < _limit)
            {
                _pool.Tell(_servedIdle, _self);
            }
        }
    }

    private void Tell(JobEnded ended) => _pool.Tell(new SitePoolProtocol.AttemptEnded(ended), _self);

    private void OnExpired()
    {
        if (_isIdle)
        {
            _idleExpired = true;
        }
        else
        {
            _timedOut = true;
            _transport?.Abort();
        }
        _wake.Signal();
    }
}
