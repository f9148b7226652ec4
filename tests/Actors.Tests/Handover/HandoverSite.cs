using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MailCluster.Actors.Events;
using MailCluster.Actors.Handover;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCluster.Actors.Tests.Handover;

/// <summary>One node's spool, with its ends of a handover: a listener for what peers give, an inquiry, and a donor.</summary>
internal sealed class HandoverSite : IAsyncDisposable
{
    private static readonly string[] Words = ["alpha", "beta", "gamma", "delta"];

    private readonly string _folder = Directory.CreateTempSubdirectory("handover-").FullName;
    private readonly EventLog _events;
    private readonly HandoverTls? _tls;
    private readonly ConcurrentDictionary<EntryRef, Arrival> _arrivals = new();
    private readonly int _port;
    private int _life;

    public HandoverSite(string name, HandoverTls? tls = null)
    {
        (Name, _tls) = (name, tls);
        _events = new(Path.Combine(_folder, "events"), name, new(), NullLogger<EventLog>.Instance);
        using (var probe = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        }
        Open();
    }

    public string Name { get; }

    public Spool.Spool Spool { get; private set; } = null!;

    public HandoverReception Reception { get; private set; } = null!;

    public HandoverListener Listener { get; private set; } = null!;

    public HandoverInquiry Inquiry { get; private set; } = null!;

    /// <summary>What the node says to further mail; null: it takes it.</summary>
    public Reply? Refusal { get; set; }

    /// <summary>The others, by whom this site finds its peers. A listener of a peer may stand behind another address.</summary>
    public List<Func<HandoverSite, HandoverPeer?>> Peers { get; } = [];

    public string SpoolFolder => Path.Combine(_folder, "spool");

    public string EventFolder => Path.Combine(_folder, "events");

    /// <summary>How this site shows itself to a donor; null while it is down.</summary>
    public HandoverPeer? SeenBy(HandoverSite donor, int? port = null) => Listener is null ? null : new(
        $"{Name}:4053", "127.0.0.1", port ?? Listener.EndPoint.Port, Spool.Id, Reception.Tickets.Give(new($"{donor.Name}:4053", donor._life), donor.Spool.Id), Refusal is null);

    public void Knows(HandoverSite other) => Peers.Add(donor => other.SeenBy(donor));

    public HandoverParts Parts => new()
    {
        Hostname = Name,
        Spool = Spool,
        Peers = _ => Task.FromResult<IReadOnlyList<HandoverPeer>>([.. Peers.Select(peer => peer(this)).OfType<HandoverPeer>()]),
        Tls = _tls,
        Events = _events,
        Logger = NullLogger.Instance,
        Time = TimeProvider.System,
        Directory = _folder,
        ConnectionsPerPeer = 3,
        Batch = 7,
        Pause = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>Opens it again after <see cref="StopAsync"/>; asks peers at once, as a node does.</summary>
    public void Open()
    {
        _life++;
        _arrivals.Clear();
        Spool = MailCluster.Spool.Spool.Open(new() { Directory = Path.Combine(_folder, "spool"), SegmentSize = 1 << 20, LargeContent = 64 << 10, MinimumFree = 1 << 20, ContentMemory = 8 << 20 });
        Spool.Start(arrivals =>
        {
            foreach (var arrival in arrivals)
            {
                _arrivals[arrival.Entry] = arrival;
            }
        });
        Reception = new(Name, Spool, () => Refusal, _events, NullLogger<HandoverReception>.Instance, TimeProvider.System);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, _port));
        Listener = new(socket, Reception, _tls);
        Inquiry = new(Parts);
        Inquiry.Start();
    }

    public async Task StopAsync()
    {
        await Inquiry.DisposeAsync();
        var listener = Listener;
        Listener = null!;
        await listener.DisposeAsync();
        await Spool.DisposeAsync();
    }

    public Task<HandoverOutcome> HandOverAsync(CancellationToken limit = default) =>
        new HandoverDonor(Parts, Inquiry).RunAsync(new HandoverWish.Yes("a test", new HandoverReceivers.All()), limit, limit);

    /// <summary>Accepts so many messages of all kinds: fresh ones, tried ones, with some recipients done, with a report owed, large ones.</summary>
    public async Task<Dictionary<QueueId, string>> FillAsync(int count, int seed)
    {
        var random = new Random(seed);
        var told = new List<EntryOutcome>();
        var ids = new List<QueueId>();
        for (var i = 0; i < count; i++)
        {
            using var writer = await Spool.BeginAsync(CancellationToken.None);
            var size = i % 11 == 10 ? random.Next(70_000, 400_000) : random.Next(10, 9_000);
            var content = new byte[size];
            random.NextBytes(content);
            writer.Write(Encoding.ASCII.GetBytes($"X-Mark: {i}\r\n\r\n"));
            writer.Write(content);
            await writer.DrainAsync(CancellationToken.None);
            var destinations = Enumerable.Range(0, 1 + i % 3).Select(d => new EnvelopeDestination(
                new($"{Words[d]}.example"), [.. Enumerable.Range(0, 1 + (i + d) % 4).Select(r => new Recipient(new($"u{r}@{Words[d]}.example", new($"{Words[d]}.example")), RcptParameters.None))]));
            await writer.CommitAsync(
                new(new($"s{i}@sender.example"), MailParameters.None, DateTimeOffset.UtcNow.AddMinutes(-i), new("1", "127.0.0.1:1", "client", "ESMTP"), [.. destinations]), ContentTraits.EightBitBody);
            ids.Add(writer.Id);
        }
        var detail = new OutcomeDetail(new(450, new(4, 2, 0), "Later"), "mx.example", DateTimeOffset.UtcNow);
        var refused = new OutcomeDetail(new(550, new(5, 1, 1), "No"), "mx.example", DateTimeOffset.UtcNow);
        foreach (var (arrival, i) in _arrivals.Values.Select((arrival, i) => (arrival, i)).ToArray())
        {
            var next = DateTimeOffset.UtcNow.AddHours(1 + (i % 50));
            RecipientOutcome[]? outcomes = (i % 4, arrival.Open) switch
            {
                (1, _) => [new(0, RecipientStatus.Open, detail)],
                (2, > 1) => [new(0, RecipientStatus.Delivered, null), new(1, RecipientStatus.Open, detail)],
                (3, > 1) => [new(0, RecipientStatus.FailedReportOwed, refused), new(1, RecipientStatus.Open, detail)],
                _ => null,
            };
            if (outcomes is not null)
            {
                Spool.Record(new(arrival.Entry, 1 + (i % 5), next, outcomes));
            }
        }
        return await StandingAsync();
    }

    /// <summary>All that is in the spool, in words: one line a message, which is the same wherever the message is.</summary>
    public async Task<Dictionary<QueueId, string>> StandingAsync()
    {
        var found = new Dictionary<QueueId, string>();
        foreach (var id in Spool.OpenMessages().ToArray())
        {
            using var message = await Spool.OpenMessageAsync(id, CancellationToken.None);
            if (message is null)
            {
                continue;
            }
            var content = new byte[message.Content.Length];
            for (var filled = 0; filled < content.Length;)
            {
                filled += await message.Content.ReadAsync(filled, content.AsMemory(filled), CancellationToken.None);
            }
            var text = new StringBuilder().Append(CultureInvariant($"{message.Envelope.ReversePath.Address} {message.Envelope.Arrived:O} {message.Content.Traits} {Convert.ToHexString(SHA256.HashData(content))}"));
            for (var d = 0; d < message.Entries.Length; d++)
            {
                var (entry, destination) = (message.Entries[d], message.Envelope.Destinations[d]);
                text.Append(CultureInvariant($" | {destination.Domain} {(entry.HasEnded ? "ended" : CultureInvariant($"{entry.Attempts} {entry.NextAttempt:O}"))}"));
                foreach (var recipient in entry.Recipients)
                {
                    text.Append(CultureInvariant($" {destination.Recipients[recipient.Recipient].Path.Address}={recipient.Status}:{recipient.Detail?.Reply}"));
                }
            }
            found.Add(id, text.ToString());
        }
        return found;

        static string CultureInvariant(FormattableString text) => FormattableString.Invariant(text);
    }

    /// <summary>What the queue has been given: when each is due.</summary>
    public IReadOnlyCollection<Arrival> Arrivals => [.. _arrivals.Values];

    public async Task EndEventsAsync() => await _events.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Listener is not null)
        {
            await StopAsync();
        }
        await _events.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
