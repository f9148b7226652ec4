using System.Collections.Concurrent;
using System.Net;
using Akka.Actor;
using Akka.Configuration;
using MailCluster.Actors.Delivery;
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

    public ReceptionFixture(
        LimitsOptions? limits = null, RelayOptions? relay = null, BareNewlines bareNewline = BareNewlines.Reject, Func<Spool.Spool>? spool = null, bool ready = true)
    {
        Spool = spool?.Invoke() ?? new PretendSpool();
        Spool.Start(arrivals =>
        {
            foreach (var arrival in arrivals)
            {
                _arrivals.Enqueue(arrival);
            }
        });
        Sessions = s_system.Value.ActorOf(SessionsActor.Props, $"sessions-{Interlocked.Increment(ref s_number)}");
        Reception = new(
            "relay.example.net", limits ?? new(), relay ?? new(), Spool, Events, Closed, Sessions, NullLogger<Reception>.Instance, Time);
        Reception.SetReady(ready);
        Listener = new(Reception, new() { Name = "relay", Bind = new(IPAddress.Loopback, 0), BareNewline = bareNewline });
    }

    public static ActorSystem System => s_system.Value;

    public Spool.Spool Spool { get; }

    public IActorRef Sessions { get; }

    public MovedTime Time { get; } = new();

    public RecordedEvents Events { get; } = new();

    public ClosedDomains Closed { get; } = new();

    public Reception Reception { get; }

    public SmtpListener Listener { get; }

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

    /// <summary>Connects a client.</summary>
    public Client Connect(string address = "127.0.0.1") => new(Listener, new(IPAddress.Parse(address), 40000));

    public async ValueTask DisposeAsync()
    {
        Reception.Dispose();
        await Spool.DisposeAsync();
        s_system.Value.Stop(Sessions);
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
                while (text[end + 2] == '\t')
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
