using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Events;
using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Content;
using MailCluster.Spool;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCluster.Actors.Tests.Sessions;

/// <summary>A node's reception with a spool of its own, and clients that talk to it through pipes.</summary>
public sealed class ReceptionFixture : IAsyncDisposable
{
    private static readonly Lazy<ActorSystem> s_system = new(() => ActorSystem.Create("sessions", ConfigurationFactory.ParseString("akka { loglevel = ERROR, stdout-loglevel = OFF }")));
    private static int s_number;

    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private readonly EventLog _events;
    private readonly ActorSystem _system;

    public ReceptionFixture(
        LimitsOptions? limits = null, RelayOptions? relay = null, BareNewlines bareNewline = BareNewlines.Reject, bool ready = true, long contentMemory = 4 << 20,
        ActorSystem? system = null)
    {
        Spool = MailCluster.Spool.Spool.Open(new()
        {
            Directory = Path.Combine(Folder, "spool"), SegmentSize = 1 << 20, ContentMemory = contentMemory, LargeContent = 64 << 10, MinimumFree = 1 << 20,
        });
        _events = new(Path.Combine(Folder, "events"), "node-1", new(), NullLogger<EventLog>.Instance);
        Spool.Start(arrivals =>
        {
            foreach (var arrival in arrivals)
            {
                _arrivals.Enqueue(arrival);
            }
        });
        _system = system ?? s_system.Value;
        Sessions = _system.ActorOf(SessionsActor.Props, $"sessions-{Interlocked.Increment(ref s_number)}");
        Reception = new(
            "relay.example.net", limits ?? new(), relay ?? new(), Spool, _events, Closed, Sessions, NullLogger<Reception>.Instance, Time);
        Reception.SetReady(ready);
        Listener = new(Reception, new() { Name = "relay", Bind = new(IPAddress.Loopback, 0), BareNewline = bareNewline });
        Behind = new(Reception, new() { Name = "behind", Bind = new(IPAddress.Loopback, 0), ProxyProtocol = ProxyProtocol.Required });
    }

    public Spool.Spool Spool { get; }

    public IActorRef Sessions { get; }

    public MovedTime Time { get; } = new();

    /// <summary>Where spool and events are.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("reception").FullName;

    public ClosedDomains Closed { get; } = new();

    public Reception Reception { get; }

    public SmtpListener Listener { get; }

    /// <summary>A listener that requires the PROXY header.</summary>
    public SmtpListener Behind { get; }

    /// <summary>The messages that were committed, in order.</summary>
    public async Task<IReadOnlyList<Kept>> KeptAsync()
    {
        var kept = new List<Kept>();
        foreach (var message in _arrivals.GroupBy(arrival => Spool.IdOf(arrival.Entry)))
        {
            using var delivery = await Spool.OpenAsync(message.First().Entry, default);
            var content = new byte[delivery.Content.Length];
            for (var at = 0; at < content.Length;)
            {
                at += await delivery.Content.ReadAsync(at, content.AsMemory(at), default);
            }
            kept.Add(new(message.Key, delivery.Envelope, content, delivery.Content.Traits));
        }
        return kept;
    }

    /// <summary>Ends the event log; its lines.</summary>
    public async Task<IReadOnlyList<JsonElement>> EventsAsync()
    {
        await _events.DisposeAsync();
        var folder = Path.Combine(Folder, "events");
        return !Directory.Exists(folder) ? [] : [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).SelectMany(File.ReadLines).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>Connects a client.</summary>
    public Client Connect(string address = "127.0.0.1", PipeOptions? toClient = null) => new(Listener, new(IPAddress.Parse(address), 40000), toClient);

    /// <summary>Connects what stands behind a load balancer's header.</summary>
    public Client Connect(ClientOrigin origin) => new(Behind, new(origin.Address, origin.Port), null, new(origin));

    public async ValueTask DisposeAsync()
    {
        Reception.Dispose();
        await Spool.DisposeAsync();
        await _events.DisposeAsync();
        _system.Stop(Sessions);
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A message in the spool.</summary>
    public sealed record Kept(QueueId Id, Spool.Envelope Envelope, byte[] Content, ContentTraits Traits)
    {
        /// <summary>The content without the Received field that we put before it.</summary>
        public string Text
        {
            get
            {
                var text = global::System.Text.Encoding.Latin1.GetString(Content);
                var end = text.IndexOf("\r\n", StringComparison.Ordinal);
                while (text.AsSpan(end + 2).StartsWith('\t'))
                {
                    end = text.IndexOf("\r\n", end + 2, StringComparison.Ordinal);
                }
                return text[(end + 2)..];
            }
        }

        /// <summary>The Received field that we put before it.</summary>
        public string Received
        {
            get
            {
                var text = global::System.Text.Encoding.Latin1.GetString(Content);
                return text[..(text.Length - Text.Length)];
            }
        }
    }
}
