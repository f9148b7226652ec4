using Akka.Actor;
using MailCluster.Actors.Sessions;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Handover;

/// <summary>What a node has of handovers: it takes its peers' mail, asks peers about mail that was on its way to them, and gives its own away when it leaves for good.</summary>
public sealed class HandoverNode : IAsyncDisposable
{
    /// <summary>Before time is up nothing more is begun for so long, so that what is under way ends and nothing stays marked.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(10);

    private readonly HandoverParts _parts;
    private readonly HandoverInquiry _inquiry;
    private readonly HandoverReception? _reception;
    private readonly HandoverListener? _listener;

    private HandoverNode(ActorSystem system, RelayParts parts, Spool.Spool spool, Reception reception)
    {
        var peers = new HandoverPeers(system, spool.Id);
        _parts = new()
        {
            Hostname = parts.Hostname,
            Spool = spool,
            Peers = peers.FindAsync,
            Tls = parts.Handover?.Tls,
            Events = parts.Events,
            Logger = parts.Loggers.CreateLogger<HandoverDonor>(),
            Time = parts.Time,
            Directory = spool.Location,
        };
        if (parts.Handover is { } settings)
        {
            _reception = new(parts.Hostname, spool, () => Admission.AtMail(reception.Condition, parts.Limits), parts.Events, parts.Loggers.CreateLogger<HandoverReception>(), parts.Time);
            _listener = new(settings.Bind(), _reception, settings.Tls);
            var actor = HandoverActor.Props(_reception, settings.Host, settings.Port == 0 ? _listener.EndPoint.Port : settings.Port);
            system.ActorOf(actor, HandoverActor.Name);
        }
        _inquiry = new(_parts);
    }

    /// <summary>Opens the internal listener, where there is one, and begins to ask about mail that was on its way to peers when the node stopped last. The spool is open and the cluster joined.</summary>
    public static HandoverNode Start(ActorSystem system, RelayParts parts, Spool.Spool spool, Reception reception)
    {
        var node = new HandoverNode(system, parts, spool, reception);
        node._inquiry.Start();
        return node;
    }

    /// <summary>Takes no mail of peers any more; goes on answering their questions.</summary>
    public void EndReceiving() => _reception?.End();

    /// <summary>Hands all mail over. Nothing else may touch the spool's messages.</summary>
    /// <param name="wish">Why, and to whom.</param>
    /// <param name="time">How long it may take.</param>
    /// <param name="cancellation">Breaks it off before that.</param>
    public async Task<HandoverOutcome> HandOverAsync(HandoverWish.Yes wish, TimeSpan time, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(time - (time / 4 < EndingTime ? time / 4 : EndingTime));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(time);
        return await new HandoverDonor(_parts, _inquiry).RunAsync(wish, enough.Token, limit.Token).ConfigureAwait(false);
    }

    /// <summary>Closes the listener and asks no more. To be called before the spool closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _inquiry.DisposeAsync().ConfigureAwait(false);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }
    }
}
