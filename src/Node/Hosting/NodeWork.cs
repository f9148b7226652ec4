using Akka.Actor;
using MailCluster.Actors;
using MailCluster.Actors.Events;
using MailCluster.Actors.Handover;
using MailCluster.Actors.Sessions;
using MailCluster.Node.Configuration;
using MailCluster.Node.Smtp;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Node.Hosting;

/// <summary>What the node does between its listeners and the network, as its life sees it: steps, each called once and in this order.</summary>
internal sealed class NodeWork(NodeOptions options, EventLog events, Func<ActorSystem> system, RelayParts parts)
{
    private Spool.Spool? _spool;
    private volatile RelayActors? _actors;

    /// <summary>Opens the spool; the message of the exception says what is wrong with it.</summary>
    public Spool.Spool OpenSpool() => _spool = Spool.Spool.Open(options.Spool);

    /// <summary>Hands what the spool holds to the queue and lets delivery begin. The spool is open and the cluster joined. New mail is taken from <see cref="SetReady"/> on.</summary>
    public void Start() => _actors = RelayActors.Start(system(), parts, _spool!);

    /// <summary>Takes mail, or sends clients away with 421 4.3.2 at the greeting and at MAIL while running transactions go on.</summary>
    public void SetReady(bool ready) => _actors?.Reception.SetReady(ready);

    /// <summary>Serves the connections of one listener. Those that come before <see cref="Start"/> are sent away.</summary>
    public ConnectionDelegate Session(ListenerOptions listener)
    {
        var handler = new Lazy<SmtpConnectionHandler>(() => new(new SmtpListener(_actors!.Reception, listener)));
        var closed = new ClosedDoor();
        return connection => _actors is null ? closed.OnConnectedAsync(connection) : handler.Value.OnConnectedAsync(connection);
    }

    /// <summary>Sends clients away with 421 4.3.2 between transactions, and returns when all have gone.</summary>
    public Task EndSessionsAsync(CancellationToken cancellation) => _actors?.Reception.DrainAsync(cancellation) ?? Task.CompletedTask;

    /// <summary>Begins no delivery more, and returns when those in flight have ended and are recorded, and the leases are given back.</summary>
    public Task EndDeliveriesAsync(CancellationToken cancellation) => _actors?.EndDeliveriesAsync(cancellation) ?? Task.CompletedTask;

    /// <summary>What waits for the word of the peers that it was on its way to; null before <see cref="Start"/>.</summary>
    public HandoverInquiry? Inquiry => _actors?.Inquiry;

    /// <summary>Takes no mail of leaving peers any more.</summary>
    public void EndReceiving() => _actors?.EndReceiving();

    /// <summary>Gives all mail to the peers; deliveries have ended. Null where the node never got so far as to have any.</summary>
    public async Task<HandoverOutcome?> HandOverAsync(HandoverWish.Yes wish, TimeSpan time, CancellationToken cancellation) =>
        _actors is { } actors ? await actors.HandOverAsync(wish, time, cancellation) : null;

    /// <summary>Closes the internal listener.</summary>
    public async Task EndHandoverAsync()
    {
        if (_actors is { } actors) await actors.EndHandoverAsync();
    }

    /// <summary>Flushes and closes the event log; the spool is closed already.</summary>
    public async Task CloseEventLogAsync()
    {
        _actors?.Reception.Dispose();
        await events.DisposeAsync();
    }
}
