using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// The worker that hands over: two spools, mail that comes into the one, goes to the other, in part home again, and is delivered there, until somebody kills it. At the start it settles what is marked
/// by asking, and tells where each mail is.
/// </summary>
internal sealed class HandoverLoad
{
    private const int Producers = 6;
    private const int Batch = 40;
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Due = Epoch.AddDays(400);

    private readonly Stream _pipe = Console.OpenStandardOutput();
    private readonly Lock _pipeLock = new();
    private readonly Place _a;
    private readonly Place _b;
    private long _next;

    private HandoverLoad(string directory, long first)
    {
        (_a, _b) = (new("a", Open(directory, "a")), new("b", Open(directory, "b")));
        _next = first;
    }

    /// <summary>A spool, with the mail that it is known to hold.</summary>
    private sealed record Place(string Name, Spool Spool)
    {
        public ConcurrentDictionary<QueueId, List<EntryRef>> Entries { get; } = new();

        public ConcurrentQueue<QueueId> Mail { get; } = new();
    }

    public static async Task RunAsync(string directory, long first, bool onlyLooks)
    {
        // Whoever started this holds the other end; when that process is gone, so is this one.
        _ = Task.Run(static () =>
        {
            using var input = Console.OpenStandardInput();
            _ = input.ReadByte();
            Environment.Exit(3);
        });
        var load = new HandoverLoad(directory, first);
        await load.StartAsync();
        if (!onlyLooks)
        {
            await Task.WhenAll([
                .. Enumerable.Range(0, Producers).Select(_ => Task.Run(load.CommitAsync)),
                Task.Run(() => load.MoveAsync(load._a, load._b)), Task.Run(() => load.MoveAsync(load._a, load._b)), Task.Run(() => load.MoveAsync(load._b, load._a)),
                Task.Run(() => load.DeliverAsync(load._a)), Task.Run(() => load.DeliverAsync(load._b))]);
        }
        await load._a.Spool.DisposeAsync();
        await load._b.Spool.DisposeAsync();
    }

    /// <summary>The worker's mail has its number in the sender's address.</summary>
    public static long NumberOf(Envelope envelope) => long.Parse(envelope.ReversePath.Address[..envelope.ReversePath.Address.IndexOf('@', StringComparison.Ordinal)], CultureInfo.InvariantCulture);

    private static Spool Open(string directory, string name) => Spool.Open(new LoadOptions(Path.Combine(directory, name), 0, IsCarrying: true, IsUnsynced: false, IsDrained: false).SpoolOptions(new SpoolDisk()));

    private static bool IsDeferred(long number) => number % 2 == 0;

    private static string Stands(SpooledMessage message)
    {
        var entry = message.Entries[0];
        return string.Create(
            CultureInfo.InvariantCulture, $"{entry.Attempts},{(entry.NextAttempt == Due ? "due" : "new")},{string.Join(',', entry.Recipients.Select(static recipient => $"{recipient.Status}:{recipient.Detail?.Reply.Code}"))}");
    }

    private static byte[] Content(long number)
    {
        var content = GC.AllocateUninitializedArray<byte>(number % 40 == 0 ? 150_000 : 500 + (int)(number % 7 * 500));
        new Random((int)(number & 0x7FFFFFFF)).NextBytes(content);
        return content;
    }

    private async Task StartAsync()
    {
        foreach (var place in (Place[])[_a, _b])
        {
            place.Spool.Damaged += damage => Say($"X {place.Name}: {damage}");
            place.Spool.Start(arrivals =>
            {
                for (var i = 0; i < arrivals.Count; i++)
                {
                    place.Entries.GetOrAdd(place.Spool.IdOf(arrivals[i].Entry), static _ => []).Add(arrivals[i].Entry);
                }
            });
        }
        await SettleAsync(_a, _b);
        await SettleAsync(_b, _a);
        foreach (var place in (Place[])[_a, _b])
        {
            await place.Spool.FlushAsync();
            foreach (var id in place.Spool.OpenMessages())
            {
                using var message = await place.Spool.OpenMessageAsync(id, CancellationToken.None);
                var number = NumberOf(message!.Envelope);
                var content = await ReadAsync(message.Content);
                if (!content.AsSpan().SequenceEqual(Content(number)))
                {
                    Say($"X {place.Name}: {number} has another content.");
                }
                Say($"R {number} {place.Name} {(place.Entries.ContainsKey(id) ? 1 : 0)} {Stands(message)}");
                place.Mail.Enqueue(id);
            }
        }
        Say("E");
    }

    private async Task SettleAsync(Place from, Place to)
    {
        var (had, kept) = (new List<HandoverId>(), new List<HandoverId>());
        foreach (var marked in from.Spool.MarkedMessages())
        {
            (await to.Spool.HasHadAsync(marked.Id, CancellationToken.None) ? had : kept).Add(marked.Id);
        }
        await from.Spool.EndHandedOverAsync(had);
        await from.Spool.KeepAsync(kept);
        Say($"C {had.Count} {kept.Count}");
    }

    private async Task CommitAsync()
    {
        while (true)
        {
            while (_a.Mail.Count > 2000)
            {
                await Task.Delay(1);
            }
            var number = Interlocked.Increment(ref _next);
            using var writer = await _a.Spool.BeginAsync(CancellationToken.None);
            writer.Write(Content(number));
            await writer.CommitAsync(
                new(new($"{number}@source.test"), MailParameters.None, Epoch, new("s", "192.0.2.1:1", "c", "ESMTP"), [
                    new(new("a.test"), [new(new("r1@a.test", new("a.test")), RcptParameters.None), new(new("r2@a.test", new("a.test")), RcptParameters.None)])]),
                default);
            Say($"A {number}");
            if (IsDeferred(number))
            {
                _a.Spool.Record(new(_a.Entries[writer.Id][0], 2, Due, [new(0, RecipientStatus.Delivered, null), new(1, RecipientStatus.Open, new(new Reply(450, default, "later"), "mx", Epoch))]));
            }
            _a.Mail.Enqueue(writer.Id);
        }
    }

    private async Task MoveAsync(Place from, Place to)
    {
        while (true)
        {
            var ids = Take(from, Batch);
            if (ids.Count == 0)
            {
                await Task.Delay(1);
                continue;
            }
            foreach (var id in ids)
            {
                from.Entries.TryRemove(id, out _);
            }
            var ended = new ConcurrentBag<HandoverId>();
            var marked = await from.Spool.MarkAsync(ids, to.Name);
            await Task.WhenAll(marked.Select(each => Task.Run(async () =>
            {
                using var message = (await from.Spool.OpenMessageAsync(each.Id.Message, CancellationToken.None))!;
                var (verdict, writer) = await to.Spool.BeginReceivingAsync(each.Id, CancellationToken.None);
                for (var i = 0; verdict == HandoverVerdict.Busy && i < 10_000; i++)
                {
                    // Its content, from when it was there before, is just being removed.
                    await Task.Delay(1);
                    (verdict, writer) = await to.Spool.BeginReceivingAsync(each.Id, CancellationToken.None);
                }
                using (writer)
                {
                    if (writer is null)
                    {
                        Say($"X {each.Id} is refused: {verdict}");
                        return;
                    }
                    var content = await ReadAsync(message.Content);
                    for (var done = 0; done < content.Length; done += 8000)
                    {
                        writer.Write(content.AsSpan(done, Math.Min(8000, content.Length - done)));
                        await writer.DrainAsync(CancellationToken.None);
                    }
                    await writer.CommitReceivedAsync(message.Envelope, message.Content.Traits, message.Entries);
                }
                Say($"H {NumberOf(message.Envelope)} {Stands(message)}");
                ended.Add(each.Id);
            })));
            if (await from.Spool.EndHandedOverAsync(ended) != ended.Count)
            {
                Say("X A marked message could not be ended.");
            }
            foreach (var handover in ended)
            {
                to.Mail.Enqueue(handover.Message);
            }
            if (from == _b)
            {
                // What came home is not sent on at once, and more is delivered than sent.
                await Task.Delay(20);
            }
        }
    }

    private async Task DeliverAsync(Place place)
    {
        while (true)
        {
            await Task.Delay(place == _a ? 15 : 2);
            var numbers = new List<long>();
            foreach (var id in Take(place, 20))
            {
                using (var message = await place.Spool.OpenMessageAsync(id, CancellationToken.None))
                {
                    numbers.Add(NumberOf(message!.Envelope));
                }
                Say($"T {numbers[^1]}");
                if (place.Entries.TryRemove(id, out var entries))
                {
                    entries.ForEach(place.Spool.RecordDelivered);
                }
                else
                {
                    Say($"X The queue of {place.Name} does not have {numbers[^1]}.");
                }
            }
            await place.Spool.FlushAsync();
            numbers.ForEach(number => Say($"F {number}"));
        }
    }

    private static List<QueueId> Take(Place place, int most)
    {
        var taken = new List<QueueId>();
        while (taken.Count < most && place.Mail.TryDequeue(out var id))
        {
            taken.Add(id);
        }
        return taken;
    }

    private static async Task<byte[]> ReadAsync(SpooledContent content)
    {
        var all = new byte[content.Length];
        for (var done = 0; done < all.Length;)
        {
            done += await content.ReadAsync(done, all.AsMemory(done), CancellationToken.None);
        }
        return all;
    }

    /// <summary>Numbers, names and words: the same in every culture.</summary>
    private void Say(string line)
    {
        var octets = Encoding.ASCII.GetBytes(line.ReplaceLineEndings(" ") + "\n");
        lock (_pipeLock)
        {
            _pipe.Write(octets);
        }
    }
}
