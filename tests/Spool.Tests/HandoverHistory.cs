using MailCluster.Support;

namespace MailCluster.Spool.Tests;

/// <summary>
/// Mail wanders between two spools, home again and out again, while some of it is delivered and the logs are carried and dropped; until a disk stops. Then both start again, the marks are settled by
/// asking, and each message must be in exactly the one spool that has acknowledged it last, or was just being given it.
/// </summary>
internal sealed class HandoverHistory
{
    private readonly HandoverSite _a;
    private readonly HandoverSite _b;
    private readonly Dictionary<QueueId, Known> _messages = [];
    private readonly Dictionary<QueueId, Dictionary<HandoverId, bool>> _handovers = [];

    private sealed class Known
    {
        public required string Stands { get; set; }
        public required HandoverSite Holder { get; set; }
        /// <summary>To whom it was being given.</summary>
        public HandoverSite? Next { get; set; }
        public bool IsDelivered { get; set; }
        public bool IsFlushed { get; set; }
    }

    public HandoverHistory(FaultyDisk a, FaultyDisk b) => (_a, _b) = (new("a", a), new("b", b));

    public bool HasCarried { get; private set; }

    public bool HasReceivedFile { get; private set; }

    public async Task Run()
    {
        try
        {
            _a.Open();
            _b.Open();
            await Act();
        }
        catch (Exception failure) when (failure is IOException or Stopped)
        {
        }
        HasCarried = _a.Spool?.CarriedOctets > 0 || _b.Spool?.CarriedOctets > 0;
        HasReceivedFile = File.Exists(Path.Combine(_b.Directory, "received"));
        if (_a.Spool is not null)
        {
            await _a.Spool.DisposeAsync();
        }
        if (_b.Spool is not null)
        {
            await _b.Spool.DisposeAsync();
        }
    }

    private async Task Act()
    {
        for (var i = 0; i < 14; i++)
        {
            await Commit(_a, i);
        }
        // Out, in two marks; one of them is denied and kept, and goes the next time.
        await Move(_a, _b, 7, denied: 1);
        await Move(_a, _b, 20, denied: 0);
        await Deliver(_b, 4);
        // Home, and out again.
        await Move(_b, _a, 5, denied: 1);
        await Fill(_b);
        await Move(_a, _b, 4, denied: 0);
        await Deliver(_a, 1);
        await Fill(_a);
        await Deliver(_b, 2);
    }

    /// <summary>Starts both again on disks that do what they are told, and looks.</summary>
    public async Task Check(string when)
    {
        try
        {
            _a.Open(new FaultyDisk());
            _b.Open(new FaultyDisk());
            Assert.True(_a.Spool.DamageAtOpen.Count == 0 && _b.Spool.DamageAtOpen.Count == 0, $"{when}: {string.Join("; ", _a.Spool.DamageAtOpen.Concat(_b.Spool.DamageAtOpen))}");
            await _a.Spool.FlushAsync();
            await _b.Spool.FlushAsync();
            foreach (var site in (HandoverSite[])[_a, _b])
            {
                var marked = site.Spool.MarkedMessages().Select(static each => each.Id.Message).ToHashSet();
                Assert.DoesNotContain(site.Arrivals.Keys, entry => marked.Contains(site.Spool.IdOf(entry)));
            }
            foreach (var (handover, had) in _handovers.Values.SelectMany(static known => known))
            {
                // What was acknowledged was had. What was denied, and what was only being sent, may be either, as the marks below show; but a denied one never is.
                var receiver = handover.Donor == _a.Spool.Id ? _b : _a;
                Assert.True(!had || await receiver.Spool.HasHadAsync(handover, CancellationToken.None), $"{when}: {handover} was acknowledged, and its receiver denies it.");
            }
            await _a.Settle(_b);
            await _b.Settle(_a);
            await Look(when);
            // And it goes on, from where it stands.
            foreach (var (from, to) in new[] { (_a, _b), (_b, _a) })
            {
                foreach (var marked in await from.MarkFor(to, [.. from.Spool.OpenMessages()]))
                {
                    Assert.Equal(HandoverVerdict.Take, await from.Send(marked, to));
                    if (_messages.TryGetValue(marked.Id.Message, out var known))
                    {
                        (known.Holder, known.Next) = (to, null);
                    }
                }
                await from.Settle(to);
                await from.Reopen();
                await to.Reopen();
                await Look($"{when}, after all moved to {to.Name}");
            }
            Assert.Empty(_a.Faults);
            Assert.Empty(_b.Faults);
        }
        finally
        {
            await _a.DisposeAsync();
            await _b.DisposeAsync();
        }
    }

    private async Task Look(string when)
    {
        var here = new Dictionary<HandoverSite, HashSet<QueueId>> { [_a] = [.. _a.Spool.OpenMessages()], [_b] = [.. _b.Spool.OpenMessages()] };
        foreach (var (id, known) in _messages)
        {
            var holders = here.Where(pair => pair.Value.Contains(id)).Select(static pair => pair.Key).ToList();
            Assert.True(holders.Count <= 1, $"{when}: {id} is in both spools.");
            if (holders.Count == 0)
            {
                Assert.True(known.IsDelivered, $"{when}: {id} is lost; {known.Holder.Name} had it.");
                continue;
            }
            Assert.False(known.IsFlushed, $"{when}: {id} was delivered by {known.Holder.Name} and has come back in {holders[0].Name}.");
            Assert.True(holders[0] == known.Holder || holders[0] == known.Next, $"{when}: {id} is in {holders[0].Name}, and {known.Holder.Name} had it.");
            Assert.NotEmpty(holders[0].EntriesOf(id));
            if (!known.IsDelivered)
            {
                Assert.Equal(known.Stands, await holders[0].Describe(id));
            }
        }
        // One may have been on its way in when the disk stopped.
        var unknown = here.Values.SelectMany(static ids => ids).Count(id => !_messages.ContainsKey(id));
        Assert.True(unknown <= 1, $"{when}: there is mail that nobody sent.");
    }

    private async Task Commit(HandoverSite site, int i)
    {
        var envelope = SpoolFixture.Envelope(("a.test", 1 + (i % 3)), ("b.test", 1));
        var id = await SpoolFixture.Commit(site.Spool, envelope, SpoolFixture.Content(i % 5 == 4 ? 25_000 : 1500, i));
        if (i % 3 == 1)
        {
            site.Spool.Record(new(site.EntriesOf(id).First(), 2, new DateTimeOffset(2026, 3, 1, 0, i, 0, TimeSpan.Zero), [
                new(0, RecipientStatus.Open, SpoolFixture.Detail(450, $"later {i}")), new(1, RecipientStatus.Delivered, null)]));
        }
        await Flush(site);
        _messages.Add(id, new() { Stands = await site.Describe(id), Holder = site });
    }

    private async Task Move(HandoverSite from, HandoverSite to, int count, int denied)
    {
        var ids = from.Spool.OpenMessages().Where(id => _messages.TryGetValue(id, out var known) && !known.IsDelivered).Take(count).ToArray();
        var ended = new List<HandoverId>();
        var kept = new List<HandoverId>();
        foreach (var marked in await from.MarkFor(to, ids))
        {
            var known = _messages[marked.Id.Message];
            if (kept.Count < denied)
            {
                Assert.False(await to.Spool.HasHadAsync(marked.Id, CancellationToken.None));
                kept.Add(marked.Id);
                continue;
            }
            known.Next = to;
            Assert.Equal(HandoverVerdict.Take, await Send(from, marked, to));
            (known.Holder, known.Next) = (to, null);
            _handovers.TryAdd(marked.Id.Message, []);
            _handovers[marked.Id.Message].Add(marked.Id, true);
            ended.Add(marked.Id);
        }
        await from.Spool.KeepAsync(kept);
        await from.Spool.EndHandedOverAsync(ended);
    }

    /// <summary>Where a disk has stopped, the receiver never says what became of it.</summary>
    private static async Task<HandoverVerdict> Send(HandoverSite from, HandingOver marked, HandoverSite to)
    {
        var sending = from.Send(marked, to);
        while (!sending.IsCompleted)
        {
            if (to.Disk is { HasFailed: true, Stops: true })
            {
                throw new Stopped();
            }
            await Task.WhenAny(sending, Task.Delay(1));
        }
        return await sending;
    }

    private async Task Deliver(HandoverSite site, int count)
    {
        var delivered = _messages.Where(pair => pair.Value is { IsDelivered: false } known && known.Holder == site).Take(count).ToList();
        foreach (var (id, known) in delivered)
        {
            known.IsDelivered = true;
            site.Deliver(id);
        }
        await Flush(site);
        delivered.ForEach(static pair => pair.Value.IsFlushed = true);
    }

    /// <summary>Mail that comes and goes, until the front of the log is carried and dropped.</summary>
    private async Task Fill(HandoverSite site)
    {
        for (var i = 0; i < 30; i++)
        {
            var id = await SpoolFixture.Commit(site.Spool, SpoolFixture.Envelope(("fill.test", 1)), SpoolFixture.Content(3000, i));
            _messages.Add(id, new() { Stands = await site.Describe(id), Holder = site, IsDelivered = true });
            site.Deliver(id);
            await Flush(site);
        }
    }

    /// <summary>Where a disk has stopped, what was told is never written.</summary>
    private static async Task Flush(HandoverSite site)
    {
        var flushed = site.Spool.FlushAsync();
        while (!flushed.IsCompleted)
        {
            if (site.Disk is { HasFailed: true, Stops: true })
            {
                throw new Stopped();
            }
            await Task.WhenAny(flushed, Task.Delay(1));
        }
        await flushed;
    }

    private sealed class Stopped : Exception;
}
