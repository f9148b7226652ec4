using MailCluster.Actors.Queue;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Sites;

/// <content>Connections: opened as work and lease allow, fed, closed.</content>
internal sealed partial class SitePoolState
{
    /// <summary>One to work on and one ahead of it, so that a connection can pipeline.</summary>
    private const int JobsOfAConnection = 2;

    /// <summary>Messages over a connection while other sites wait for one of the node's.</summary>
    private const int MessagesWhileOthersWait = 100;

    private readonly Dictionary<int, SitePoolConnection> _connections = [];
    /// <summary>Those without work, idle longest first; the last is used next, so that a surplus goes idle long enough to be closed.</summary>
    private readonly List<SitePoolConnection> _idle = [];
    private readonly Queue<SitePoolConnection> _canTakeOneAhead = new();
    private int _lastConnection;
    private int _connecting;
    private int _closing;
    /// <summary>True while the newest news of the site is that a connection got through. Until then one connection at a time tries it.</summary>
    private bool _proven;
    /// <summary>True while the pool stands in the budget's line.</summary>
    private bool _waitsForRoom;

    /// <summary>Connections open, those being closed included.</summary>
    public int Connections => _connections.Count;

    /// <summary>A connection is ready for work.</summary>
    public void Idle(int number, SitePoolProtocol.OutboundState state, Moment now, SitePoolEffects effects)
    {
        if (_connections.TryGetValue(number, out var connection))
        {
            if (state == SitePoolProtocol.OutboundState.Connected && !connection.GotThrough)
            {
                connection.GotThrough = true;
                _proven = true;
                _lease.ConnectionSucceeded();
            }
            if (connection.State == SitePoolConnectionState.Connecting)
            {
                _connecting--;
                Rest(connection, now, effects);
            }
            else if (connection.State == SitePoolConnectionState.Busy && connection.Jobs.Count == 0)
            {
                Rest(connection, now, effects);
            }
        }
        Evaluate(now, effects);
    }

    /// <summary>A job is over.</summary>
    public void AttemptEnded(int number, JobEnded ended, Moment now, SitePoolEffects effects)
    {
        if (_connections.TryGetValue(number, out var connection) && connection.Jobs.Remove(ended.Job))
        {
            if (connection.State == SitePoolConnectionState.Busy && connection.Jobs.Count > 0)
            {
                StandInLineForOneAhead(connection);
            }
            var domain = Finished(ended.Job);
            effects.Ended.Add((domain.Queue, ended));
            if (ended.Failure is { Scope: >= FailureScope.Host, IsPermanent: false })
            {
                SetStillDue(domain, 0);
                GiveBackReady(domain, effects);     // one message has found out; the others need not
            }
            RemoveIfDone(domain);
        }
        Evaluate(now, effects);
    }

    /// <summary>A connection's socket is closed.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="failure">Why no host could be reached; null where it had served or was closed in order.</param>
    /// <param name="now">The time.</param>
    /// <param name="effects">What is to be done.</param>
    public void Closed(int number, DeliveryFailure? failure, Moment now, SitePoolEffects effects)
    {
        if (_connections.Remove(number, out var connection))
        {
            budget.Return(site);
            _connecting -= connection.State == SitePoolConnectionState.Connecting ? 1 : 0;
            _closing -= connection.State == SitePoolConnectionState.Closing ? 1 : 0;
            if (connection.State == SitePoolConnectionState.Idle)
            {
                _idle.Remove(connection);
            }
            connection.State = SitePoolConnectionState.Closing;
            if (failure is not null)
            {
                _proven = false;
                if (!connection.GotThrough)
                {
                    _lease.ConnectionFailed();
                }
            }
            Bury(connection, failure, effects);
        }
        Evaluate(now, effects);
    }

    /// <summary>One of the node's connections is kept for this pool.</summary>
    public void Room(Moment now, SitePoolEffects effects)
    {
        _waitsForRoom = false;
        // Without a lease it is asked for now, and the connection kept until the answer comes.
        _keepsRoom = _lease.Allowed(now) == 0 && _connections.Count == 0 && Demand(now) > 0;
        _keptSince = now;
        Evaluate(now, effects);
        if (!_waitsForRoom && !_keepsRoom)
        {
            budget.Decline(site);       // work or lease has gone meanwhile
        }
    }

    /// <summary>Other sites wait for one of the node's connections.</summary>
    public void MakeRoom(Moment now, SitePoolEffects effects)
    {
        if (_idle.Count > 0 || _connections.Count - _closing > budget.Share)
        {
            CloseSurplus(1, effects);
        }
        Evaluate(now, effects);
    }

    /// <summary>What a connection leaves behind. Its first job, or the next of the domain it was opened for, has failed with it; all others go back untouched and find another connection.</summary>
    private void Bury(SitePoolConnection connection, DeliveryFailure? failure, SitePoolEffects effects)
    {
        SitePoolDomain? failed = null;
        for (var i = 0; i < connection.Jobs.Count; i++)
        {
            var job = connection.Jobs[i];
            var domain = Finished(job);
            if (i == 0 && failure is not null)
            {
                failed = domain;
                effects.Ended.Add((domain.Queue, new(job, null, [], failure)));
            }
            else
            {
                effects.Ended.Add((domain.Queue, Untouched(job)));
            }
        }
        if (failure is not null && failed is null && !connection.GotThrough
            && _domains.TryGetValue(connection.OpenedFor, out var openedFor) && openedFor.Ready.TryDequeue(out var next))
        {
            failed = openedFor;
            _ready--;
            effects.Ended.Add((openedFor.Queue, new(next, null, [], failure)));
        }
        if (failed is not null && failure is { IsPermanent: false })
        {
            SetStillDue(failed, 0);
            GiveBackReady(failed, effects);
        }
        foreach (var job in connection.Jobs)
        {
            if (_domains.TryGetValue(job.Domain, out var domain))
            {
                RemoveIfDone(domain);
            }
        }
        if (failed is not null)
        {
            RemoveIfDone(failed);
        }
    }

    private SitePoolDomain Finished(DeliveryJob job)
    {
        var domain = _domains[job.Domain];
        domain.Outstanding--;
        _outstanding--;
        return domain;
    }

    /// <summary>While other sites wait, a connection is not kept longer than usual, whatever has been configured.</summary>
    private int MessagesPerConnection => budget.IsShort ? Math.Min(options.MessagesPerConnection, MessagesWhileOthersWait) : options.MessagesPerConnection;

    /// <summary>A connection has nothing to do: it waits for work, or has done its share of messages.</summary>
    private void Rest(SitePoolConnection connection, Moment now, SitePoolEffects effects)
    {
        if (connection.Given >= MessagesPerConnection || budget.IsShort && _ready == 0 && _stillDue == 0)
        {
            Close(connection, effects);
            return;
        }
        connection.State = SitePoolConnectionState.Idle;
        connection.IdleSince = now;
        _idle.Add(connection);
    }

    /// <summary>Closes what the lease does not cover any more, idle ones first, and what has been idle too long.</summary>
    private void CloseWhatIsTooMuch(Moment now, SitePoolEffects effects)
    {
        while (_idle.Count > 0 && now.Since(_idle[0].IdleSince) >= _idleTimeout)
        {
            CloseIdle(0, effects);
        }
        CloseSurplus(_connections.Count - _closing - _lease.Allowed(now), effects);
    }

    private void CloseSurplus(int surplus, SitePoolEffects effects)
    {
        while (surplus > 0 && _idle.Count > 0)
        {
            CloseIdle(0, effects);
            surplus--;
        }
        if (surplus <= 0)
        {
            return;
        }
        foreach (var connection in _connections.Values.OrderBy(c => c.State).ToList())      // those that connect before those that work
        {
            if (surplus > 0 && connection.State is SitePoolConnectionState.Connecting or SitePoolConnectionState.Busy)
            {
                _connecting -= connection.State == SitePoolConnectionState.Connecting ? 1 : 0;
                Close(connection, effects);
                surplus--;
            }
        }
    }

    /// <summary>A domain is taken off the pool: a connection that would begin one of its jobs next finishes the running one and closes, so that the other comes back untouched.</summary>
    private void CloseWhereAhead(SitePoolDomain domain, SitePoolEffects effects)
    {
        foreach (var connection in _connections.Values)
        {
            if (connection.State == SitePoolConnectionState.Busy && connection.Jobs is [_, var ahead] && ahead.Domain == domain.Domain)
            {
                Close(connection, effects);
            }
        }
    }

    private void CloseIdle(int index, SitePoolEffects effects)
    {
        var connection = _idle[index];
        _idle.RemoveAt(index);
        Close(connection, effects);
    }

    private void Close(SitePoolConnection connection, SitePoolEffects effects)
    {
        connection.State = SitePoolConnectionState.Closing;
        _closing++;
        effects.Close.Add(connection.Number);
    }

    /// <summary>Gives ready jobs to idle connections, opens more where the lease allows, and else gives working ones a job ahead.</summary>
    private void Feed(Moment now, SitePoolEffects effects)
    {
        while (_ready > 0 && _idle.Count > 0)
        {
            var connection = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            connection.State = SitePoolConnectionState.Busy;
            Give(connection, effects);
        }
        var allowed = _lease.Allowed(now);
        while (!_waitsForRoom && _ready > _connecting && _connections.Count < allowed && (_proven || _connecting == 0) && Next() is { Route: { } route } domain)
        {
            if (!budget.TryTake(site))
            {
                _waitsForRoom = true;
                _waitsSince = now;
                break;
            }
            _keepsRoom = false;
            var connection = new SitePoolConnection(++_lastConnection, domain.Domain);
            _connections.Add(connection.Number, connection);
            _connecting++;
            effects.Open.Add((connection.Number, route));
        }
        while (_ready > _connecting && _canTakeOneAhead.TryDequeue(out var connection))
        {
            connection.InLine = false;
            if (connection.State == SitePoolConnectionState.Busy && connection.Jobs.Count is > 0 and < JobsOfAConnection && connection.Given < MessagesPerConnection)
            {
                Give(connection, effects);
            }
        }
    }

    private void Give(SitePoolConnection connection, SitePoolEffects effects)
    {
        if (TakeNext() is { } job)
        {
            connection.Jobs.Add(job);
            connection.Given++;
            effects.Deliver.Add((connection.Number, job));
            StandInLineForOneAhead(connection);
        }
    }

    private void StandInLineForOneAhead(SitePoolConnection connection)
    {
        if (!connection.InLine && connection.Jobs.Count < JobsOfAConnection)
        {
            connection.InLine = true;
            _canTakeOneAhead.Enqueue(connection);
        }
    }
}
