using System.Collections.Concurrent;
using Akka.Actor;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Failures;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.Queue;

/// <summary>Stands where a connection would: opens each job's entry in the spool and answers for the peer, as the local part says (<c>4xx@…</c>, <c>5xx@…</c>, <c>bug@…</c>, else 250).</summary>
internal sealed class ScriptedOutbound(ScriptedOutbound.World world) : UntypedActor
{
    /// <summary>What all connections share.</summary>
    public sealed class World(Spool.Spool spool)
    {
        private int _open;

        public Spool.Spool Spool => spool;

        /// <summary>Why no host can be reached; null while one can.</summary>
        public volatile DeliveryFailure? Unreachable;

        public ConcurrentQueue<string> Sent { get; } = new();

        public int Connections;

        public int Open => Volatile.Read(ref _open);

        public int Most;

        public void Opened()
        {
            Interlocked.Increment(ref Connections);
            Most = Math.Max(Most, Interlocked.Increment(ref _open));
        }

        public void Closed() => Interlocked.Decrement(ref _open);
    }

    private bool _isClosed;

    protected override void PreStart()
    {
        world.Opened();
        if (world.Unreachable is { } failure)
        {
            End(failure);
            return;
        }
        Context.Parent.Tell(new SitePoolProtocol.Idle(SitePoolProtocol.OutboundState.Connected));
    }

    protected override void PostStop() => CloseSocket();

    /// <summary>A connection is closed before its pool is told, as a real one is.</summary>
    private void CloseSocket()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            world.Closed();
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case OutboundProtocol.Deliver deliver:
                OpenAsync(deliver.Job).PipeTo(Self);
                break;
            case JobEnded ended:
                if (ended.Delivery!.Envelope.Destinations[0].Recipients[0].Path.Address.StartsWith("bug@", StringComparison.Ordinal))
                {
                    ended.Delivery.Dispose();
                    throw new InvalidOperationException("a bug in an outbound actor");
                }
                Context.Parent.Tell(new SitePoolProtocol.AttemptEnded(ended));
                Context.Parent.Tell(new SitePoolProtocol.Idle(SitePoolProtocol.OutboundState.Served));
                break;
            case OutboundProtocol.Close:
                End(null);
                break;
        }
    }

    private void End(DeliveryFailure? failure)
    {
        CloseSocket();
        Context.Parent.Tell(new SitePoolProtocol.Closed(failure));
        Context.Stop(Self);
    }

    private async Task<JobEnded> OpenAsync(DeliveryJob job)
    {
        var delivery = await world.Spool.OpenAsync(job.Entry, CancellationToken.None);
        var recipients = delivery.Envelope.Destinations[delivery.Destination].Recipients;
        var outcomes = new List<AttemptOutcome>();
        foreach (var open in delivery.Recipients.Where(r => r.Status == MailCluster.Spool.RecipientStatus.Open))
        {
            var address = recipients[open.Recipient].Path.Address;
            outcomes.Add(address[0] switch { '4' => Refused(open.Recipient, Busy), '5' => Refused(open.Recipient, Unknown), _ => Accepted(open.Recipient) });
            world.Sent.Enqueue(address);
        }
        return new(job, delivery, outcomes, null);
    }
}
