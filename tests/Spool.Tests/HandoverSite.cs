using System.Collections.Concurrent;
using System.Collections.Immutable;
using MailCluster.Protocol.Replies;
using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>One of the spools between which mail is handed over, with what its queue would know.</summary>
internal sealed class HandoverSite(string name, FaultyDisk disk) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<EntryRef, Arrival> _arrivals = new();

    private readonly ConcurrentDictionary<EntryRef, QueueId> _names = new();

    public string Name => name;

    public string Directory { get; } = SpoolFixture.NewDirectory();

    public FaultyDisk Disk { get; private set; } = disk;

    public Spool Spool { get; private set; } = null!;

    public IReadOnlyDictionary<EntryRef, Arrival> Arrivals => _arrivals;

    /// <summary>What the queue was told that it must not be.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Opens it; with another disk after a crash.</summary>
    public HandoverSite Open(FaultyDisk? disk = null)
    {
        Disk = disk ?? Disk;
        _arrivals.Clear();
        Spool = Spool.Open(History.Options(Directory, Disk));
        Spool.Start(arrivals =>
        {
            foreach (var arrival in arrivals)
            {
                if (!_arrivals.TryAdd(arrival.Entry, arrival))
                {
                    Faults.Enqueue($"{arrival} came twice.");
                }
                _names[arrival.Entry] = Spool.IdOf(arrival.Entry);
            }
        });
        return this;
    }

    public async Task Reopen(FaultyDisk? disk = null)
    {
        await Spool.DisposeAsync();
        Open(disk);
        await Spool.FlushAsync();
    }

    /// <summary>The queue lets go of a message.</summary>
    public void LetGo(IEnumerable<QueueId> ids)
    {
        var gone = ids.ToHashSet();
        foreach (var entry in _arrivals.Keys.Where(entry => gone.Contains(_names[entry])).ToList())
        {
            _arrivals.TryRemove(entry, out _);
        }
    }

    public IEnumerable<EntryRef> EntriesOf(QueueId id) => _arrivals.Keys.Where(entry => _names[entry] == id).OrderBy(static entry => entry.Index);

    /// <summary>Tells the spool that all open recipients of a message were delivered.</summary>
    public void Deliver(QueueId id)
    {
        foreach (var entry in EntriesOf(id).ToList())
        {
            Spool.RecordDelivered(entry);
            _arrivals.TryRemove(entry, out _);
        }
    }

    /// <summary>Marks messages for another site.</summary>
    public async Task<IReadOnlyList<HandingOver>> MarkFor(HandoverSite other, params QueueId[] ids)
    {
        LetGo(ids);
        return await Spool.MarkAsync(ids, other.Name);
    }

    /// <summary>Sends what a mark stands for, as the donor and the receiver do together.</summary>
    public async Task<HandoverVerdict> Send(HandingOver marked, HandoverSite other)
    {
        using var message = await Spool.OpenMessageAsync(marked.Id.Message, CancellationToken.None) ?? throw new InvalidOperationException("It has ended.");
        return await other.Receive(marked.Id, message);
    }

    public async Task<HandoverVerdict> Receive(HandoverId id, SpooledMessage message)
    {
        var (verdict, writer) = await Spool.BeginReceivingAsync(id, CancellationToken.None);
        using (writer)
        {
            if (writer is not null)
            {
                var content = await SpoolFixture.ReadAll(message.Content);
                for (var done = 0; done < content.Length; done += 4000)
                {
                    System.Buffers.BuffersExtensions.Write(writer, content.AsSpan(done, Math.Min(4000, content.Length - done)));
                    await writer.DrainAsync(CancellationToken.None);
                }
                await writer.CommitReceivedAsync(message.Envelope, message.Content.Traits, message.Entries);
            }
        }
        return verdict;
    }

    /// <summary>Asks about each marked message, and ends or keeps it.</summary>
    public async Task Settle(HandoverSite other)
    {
        var had = new List<HandoverId>();
        var kept = new List<HandoverId>();
        foreach (var marked in Spool.MarkedMessages())
        {
            Assert.Equal(other.Name, marked.Receiver);
            (await other.Spool.HasHadAsync(marked.Id, CancellationToken.None) ? had : kept).Add(marked.Id);
        }
        Assert.Equal(had.Count, await Spool.EndHandedOverAsync(had));
        Assert.Equal(kept.Count, await Spool.KeepAsync(kept));
    }

    /// <summary>How a message stands, in words.</summary>
    public async Task<string> Describe(QueueId id)
    {
        using var message = await Spool.OpenMessageAsync(id, CancellationToken.None);
        return message is null ? "ended" : Describe(message.Entries) + $" {message.Envelope.Arrived:O} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await SpoolFixture.ReadAll(message.Content)))[..8]}";
    }

    public static string Describe(ImmutableArray<EntryStanding> entries) => string.Join(" | ", entries.Select(static entry => entry.HasEnded
        ? "ended"
        : $"{entry.Attempts} {entry.NextAttempt.UtcDateTime:O} {entry.DelayReported} {string.Join(',', entry.Recipients.Select(static recipient => $"{recipient.Status}:{recipient.Detail?.Reply.Lines[0]}"))}"));

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Faults);
        await Spool.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
