using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;

namespace MailCluster.Spool.Tests;

/// <summary>A spool in a folder of its own, with what its queue would know.</summary>
public sealed class SpoolFixture : IAsyncDisposable
{
    private readonly ConcurrentDictionary<EntryRef, Arrival> _arrivals = new();

    public SpoolFixture(SpoolOptions? options = null)
    {
        Directory = options?.Directory ?? NewDirectory();
        Options = options ?? new SpoolOptions { Directory = Directory, SegmentSize = 64 << 10, MinimumFree = 0, ReclaimAbove = 256 << 10 };
        Spool = Spool.Open(Options);
    }

    public string Directory { get; }

    public SpoolOptions Options { get; }

    public Spool Spool { get; private set; }

    public IReadOnlyDictionary<EntryRef, Arrival> Arrivals => _arrivals;

    public static string NewDirectory() => Path.Combine(System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), "spool-" + Guid.NewGuid().ToString("n"));

    public SpoolFixture Start()
    {
        Spool.Start(Take);
        return this;
    }

    public async Task Reopen()
    {
        await Spool.DisposeAsync();
        _arrivals.Clear();
        Spool = Spool.Open(Options);
        Spool.Start(Take);
        await Spool.FlushAsync();
    }

    public void Ended(EntryRef entry) => _arrivals.TryRemove(entry, out _);

    public async ValueTask DisposeAsync()
    {
        await Spool.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public static Envelope Envelope(params (string Domain, int Recipients)[] destinations) => new(
        new ReversePath("sender@source.example"), MailParameters.None, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        new MessageOrigin("s1", "192.0.2.1:1234", "client.example", "ESMTP"),
        [.. destinations.Select(static destination => new EnvelopeDestination(
            new DomainName(destination.Domain),
            [.. Enumerable.Range(0, destination.Recipients).Select(i => new Recipient(
                new ForwardPath($"r{i}@{destination.Domain}", new DomainName(destination.Domain)), RcptParameters.None))]))]);

    public static byte[] Content(int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    public static async Task<QueueId> Commit(Spool spool, Envelope envelope, ReadOnlyMemory<byte> content)
    {
        using var writer = await spool.BeginAsync(CancellationToken.None);
        for (var rest = content; rest.Length > 0;)
        {
            var part = rest[..Math.Min(rest.Length, 4000)];
            writer.Write(part.Span);
            rest = rest[part.Length..];
            await writer.DrainAsync(CancellationToken.None);
        }
        await writer.CommitAsync(envelope, ContentTraits.HasLeadingDot);
        return writer.Id;
    }

    public Task<QueueId> Commit(Envelope envelope, ReadOnlyMemory<byte> content) => Commit(Spool, envelope, content);

    public EntryRef EntryOf(QueueId id, int destination = 0)
        => _arrivals.Keys.Where(entry => Spool.IdOf(entry) == id).OrderBy(static entry => entry.Index).ElementAt(destination);

    public static async Task<byte[]> ReadAll(SpooledContent content)
    {
        var all = new byte[content.Length];
        for (var done = 0; done < all.Length;)
        {
            var read = await content.ReadAsync(done, all.AsMemory(done), CancellationToken.None);
            Assert.NotEqual(0, read);
            done += read;
        }
        return all;
    }

    public static OutcomeDetail Detail(int code, string text) => new(new Reply(code, default, text), "mx.example", new DateTimeOffset(2026, 1, 2, 4, 0, 0, TimeSpan.Zero));

    public static ImmutableArray<RecipientOutcome> Outcomes(params RecipientOutcome[] outcomes) => [.. outcomes];

    private void Take(IReadOnlyList<Arrival> arrivals)
    {
        foreach (var arrival in arrivals)
        {
            _arrivals[arrival.Entry] = arrival;
        }
    }
}
