using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Akka.Actor;
using Akka.TestKit.Xunit;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Spool;
using MailCluster.Tests.Support;

namespace MailCluster.Actors.Tests.Outbound;

/// <summary>What tests of outbound connections share: a real spool, an actor whose parent is the test, and real sockets.</summary>
public abstract class OutboundSpec : TestKit, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected const string Body = "Subject: hello\r\n\r\nHello.\r\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("outbound-").FullName;
    private readonly Queue<Arrival> _arrivals = new();
    private readonly Spool.Spool _spool;
    private readonly List<ScriptedServer> _servers = [];

    protected OutboundSpec() : base($"akka {{ loglevel = {Environment.GetEnvironmentVariable("OUTBOUND_LOG") ?? "WARNING"}, test.single-expect-default = 20s }}")
    {
        _spool = Spool.Spool.Open(new SpoolOptions { Directory = _folder, MinimumFree = 0, MinimumFreeInodes = 0 });
        _spool.Start(arrivals =>
        {
            lock (_arrivals)
            {
                foreach (var arrival in arrivals)
                {
                    _arrivals.Enqueue(arrival);
                }
            }
        });
    }

    protected Spool.Spool Mail => _spool;

    protected string Temporary => Path.Combine(_folder, "tmp");

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
        await DisposeAsync();
        await _spool.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected ScriptedServer Server(ScriptedServerOptions? options = null)
    {
        var server = ScriptedServer.Start(options);
        _servers.Add(server);
        return server;
    }

    protected static RouteHost Host(ScriptedServer server, int preference = 10, string? name = null) =>
        new(name ?? $"mx{preference}.test", preference, [server.EndPoint.Address], server.EndPoint.Port);

    protected static RouteHost DeadHost(int preference) => new($"dead{preference}.test", preference, [IPAddress.Loopback], ScriptedServer.ClosedPort());

    protected IActorRef Connect(params RouteHost[] hosts) => Connect(new DeliveryOptions(), hosts);

    protected IActorRef Connect(DeliveryOptions options, params RouteHost[] hosts) =>
        ChildActorOf(OutboundActor.Props(new(new Route.To(new("test", SiteKey.DefaultSource), [.. hosts]), options, "relay.test", _spool, TimeProvider.System, Temporary)));

    protected Task<DeliveryJob> QueueAsync(string recipient, string body = Body) => QueueAsync([recipient], Encoding.UTF8.GetBytes(body));

    protected async Task<DeliveryJob> QueueAsync(
        IEnumerable<string> recipients, byte[] content, ContentTraits traits = ContentTraits.None, string from = "sender@a.test", MailParameters? parameters = null, RcptParameters? each = null)
    {
        using var writer = await _spool.BeginAsync(TestContext.Current.CancellationToken);
        writer.Write(content);
        await writer.DrainAsync(TestContext.Current.CancellationToken);
        var paths = recipients.Select(address => new Recipient(new(address, new("example.net")), each ?? RcptParameters.None)).ToImmutableArray();
        var origin = new MessageOrigin("s1", "192.0.2.1:1", "client.test", "ESMTP");
        await writer.CommitAsync(new(new ReversePath(from), parameters ?? MailParameters.None, DateTimeOffset.UtcNow, origin, [new(new("example.net"), paths)]), traits);
        lock (_arrivals)
        {
            var arrival = _arrivals.Dequeue();
            return new(arrival.Entry, arrival.Destination, arrival.Arrived, arrival.Size);
        }
    }

    protected void ExpectIdle() => ExpectMsg<SitePoolProtocol.Idle>(Patience, cancellationToken: TestContext.Current.CancellationToken);

    protected JobEnded ExpectEnded() =>
        ((SitePoolProtocol.AttemptEnded)FishForMessage(message => message is SitePoolProtocol.AttemptEnded, Patience, cancellationToken: TestContext.Current.CancellationToken)).Job;

    protected SitePoolProtocol.Closed ExpectClosed() =>
        (SitePoolProtocol.Closed)FishForMessage(message => message is SitePoolProtocol.Closed, Patience, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Delivers one message over a fresh connection. As a pool does, takes a job that is unanswered when the connection has ended for one that ended with it.</summary>
    protected async Task<JobEnded> DeliverAsync(DeliveryJob job, params RouteHost[] hosts)
    {
        Connect(hosts).Tell(new OutboundProtocol.Deliver(job));
        // A host that refuses at once is given up before the job is there: the job comes home untouched, and the reason with the end of the connection.
        return await FishForMessageAsync(message => message is SitePoolProtocol.AttemptEnded { Job: { Failure: not null } or { Outcomes.Count: > 0 } } or SitePoolProtocol.Closed, Patience, cancellationToken: TestContext.Current.CancellationToken) switch
        {
            SitePoolProtocol.AttemptEnded ended => ended.Job,
            SitePoolProtocol.Closed closed => new(job, null, [], closed.Failure),
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    /// <summary>Returns when the actor has taken all that it was told before.</summary>
    protected void Settle(IActorRef outbound)
    {
        outbound.Tell(new Identify(1));
        FishForMessage(message => message is ActorIdentity, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>An outcome in short: number, code of the reply, scope of the failure.</summary>
    protected static string Brief(JobEnded ended) => string.Join(' ', ended.Outcomes.OrderBy(o => o.Recipient).Select(o =>
        o.Accepted is { } accepted ? $"{o.Recipient}:{accepted.Code}" : $"{o.Recipient}:{o.Failure!.Reply.Code}/{o.Failure.Scope}"))
        + (ended.Failure is { } failure ? $" {failure.Scope}:{failure.Reply.Code}" : "");
}
