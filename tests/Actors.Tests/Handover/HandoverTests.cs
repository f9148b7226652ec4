using MailCluster.Actors.Handover;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;
using MailCluster.Tests.Support;

namespace MailCluster.Actors.Tests.Handover;

/// <summary>Donor and receivers with real spools and sockets: wherever something breaks, each message is in one spool, as it was.</summary>
public sealed class HandoverTests : IAsyncLifetime
{
    private readonly HandoverSite _donor = new("leaving"), _first = new("first"), _second = new("second");

    public ValueTask InitializeAsync()
    {
        _donor.Knows(_first);
        _donor.Knows(_second);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _donor.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task All_mail_goes_to_the_peers_with_id_attempts_next_attempt_and_state()
    {
        var before = await _donor.FillAsync(120, 1);
        var outcome = await _donor.HandOverAsync(Limit(60));

        Assert.Equal(new HandoverOutcome(120, 0, 0), outcome);
        Assert.Empty(await _donor.StandingAsync());
        var (first, second) = (await _first.StandingAsync(), await _second.StandingAsync());
        Assert.Equal(before, Together(first, second));
        Assert.NotEmpty(first);
        Assert.NotEmpty(second);
        Assert.All(_first.Arrivals.Concat(_second.Arrivals).Where(arrival => arrival.Attempts > 0), arrival => Assert.True(arrival.NextAttempt > DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task When_all_has_ended_at_the_donor_the_receiver_forgets_what_it_had()
    {
        var before = await _donor.FillAsync(3, 2);
        await _donor.HandOverAsync(Limit(60));
        foreach (var id in before.Keys)
        {
            Assert.False(await _first.Spool.HasHadAsync(new(_donor.Spool.Id, id, 1), CancellationToken.None));
            Assert.False(await _second.Spool.HasHadAsync(new(_donor.Spool.Id, id, 1), CancellationToken.None));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Connections_that_break_anywhere_neither_lose_nor_double(int seed)
    {
        var random = new Random(seed);
        await using var proxy = new CuttingProxy(() => _first.Listener.EndPoint.Port, () =>
        {
            lock (random)
            {
                return random.Next(2) == 0 ? (random.Next(100, 60_000), long.MaxValue) : (long.MaxValue, random.Next(100, 1_500));
            }
        });
        _donor.Peers.Clear();
        _donor.Peers.Add(donor => _first.SeenBy(donor, proxy.Port));
        var before = await _donor.FillAsync(60, seed);

        await _donor.HandOverAsync(Limit(60));

        Assert.True(proxy.Cuts > 3, $"{proxy.Cuts} connections were cut");
        Assert.Empty(await _donor.StandingAsync());
        Assert.Equal(before, await _first.StandingAsync());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task A_donor_that_is_stopped_in_the_middle_asks_and_goes_on(int seed)
    {
        var random = new Random(seed);
        var before = await _donor.FillAsync(150, seed);
        for (var round = 0; round < 6; round++)
        {
            using (var limit = new CancellationTokenSource(random.Next(5, 60)))
            {
                await _donor.HandOverAsync(limit.Token);
            }
            await _donor.StopAsync();
            _donor.Open();
            await Eventually.HoldsAsync(() => _donor.Inquiry.Count == 0, "every mark to be settled");
            Assert.Empty(_donor.Spool.MarkedMessages());
            Assert.Equal(before, Together(await _donor.StandingAsync(), await _first.StandingAsync(), await _second.StandingAsync()));
        }
        await _donor.HandOverAsync(Limit(60));
        Assert.Equal(before, Together(await _first.StandingAsync(), await _second.StandingAsync()));
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public async Task A_receiver_that_goes_and_comes_back_is_asked_before_another_gets_its_messages(int seed)
    {
        var random = new Random(seed);
        var before = await _donor.FillAsync(150, seed);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var handing = _donor.HandOverAsync(limit.Token);
        for (var round = 0; round < 4 && !handing.IsCompleted; round++)
        {
            var enough = _first.Arrivals.Count + random.Next(1, 30);
            await Eventually.HoldsAsync(() => handing.IsCompleted || _first.Arrivals.Count >= enough, "some more messages at the receiver");
            await _first.StopAsync();
            await Task.Delay(random.Next(1, 100));      // how long it is away
            _first.Open();
        }
        await handing;
        Assert.Empty(await _donor.StandingAsync());
        Assert.Equal(before, Together(await _first.StandingAsync(), await _second.StandingAsync()));
    }

    [Fact]
    public async Task What_is_marked_for_a_receiver_that_has_gone_stays_and_is_not_given_to_another()
    {
        var before = await _donor.FillAsync(20, 5);
        var marked = await _donor.Spool.MarkAsync([.. before.Keys.Take(5)], _first.SeenBy(_donor)!.Receiver);
        await _first.StopAsync();
        _donor.Inquiry.Add(marked);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var outcome = await _donor.HandOverAsync(limit.Token);

        Assert.Equal(new HandoverOutcome(15, 5, 5), outcome);
        Assert.Equal(marked.Select(mark => mark.Id.Message).ToHashSet(), [.. (await _donor.StandingAsync()).Keys]);
        Assert.Equal(15, (await _second.StandingAsync()).Count);
    }

    [Fact]
    public async Task Another_spool_at_the_receivers_address_is_not_asked()
    {
        var before = await _donor.FillAsync(1, 6);
        var peer = _first.SeenBy(_donor)!;
        _donor.Peers.Clear();
        _donor.Peers.Add(donor => _second.SeenBy(donor)! with { Spool = peer.Spool });
        _donor.Inquiry.Add(await _donor.Spool.MarkAsync([.. before.Keys], peer.Receiver));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        Assert.Equal(new HandoverOutcome(0, 1, 1), await _donor.HandOverAsync(limit.Token));
    }

    [Fact]
    public async Task What_is_marked_for_a_receiver_that_has_gone_for_good_is_kept_when_an_operator_says_so()
    {
        var before = await _donor.FillAsync(6, 12);
        var peer = _first.SeenBy(_donor)!;
        await _first.StopAsync();
        _donor.Inquiry.Add(await _donor.Spool.MarkAsync([.. before.Keys], peer.Receiver));
        await Eventually.HoldsAsync(() => _donor.Inquiry.Awaited.SequenceEqual([(peer.Receiver, 6)]), "six marks to wait for the receiver");
        Assert.Null(await _donor.Inquiry.KeepAsync(_second.Spool.Id, "operator", CancellationToken.None));
        Assert.Equal(0, await _donor.Inquiry.KeepAsync(12345, "operator", CancellationToken.None));
        Assert.Equal(6, _donor.Spool.MarkedCount);

        Assert.Equal(6, await _donor.Inquiry.KeepAsync(peer.Spool, "operator", CancellationToken.None));

        Assert.Empty(_donor.Spool.MarkedMessages());
        Assert.Empty(_donor.Inquiry.Awaited);
        Assert.Equal(before, await _donor.StandingAsync());
    }

    [Fact]
    public async Task A_receiver_that_does_not_know_what_it_had_may_be_given_up_though_it_is_there()
    {
        var before = await _donor.FillAsync(3, 14);
        await _first.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(_first.SpoolFolder, "received"), "damaged");
        _first.Open();
        var peer = _first.SeenBy(_donor)!;
        _donor.Inquiry.Add(await _donor.Spool.MarkAsync([.. before.Keys], peer.Receiver));

        int? kept;
        var limit = Limit(60);
        do
        {
            // Null until it has been asked, and has said so.
            kept = await _donor.Inquiry.KeepAsync(peer.Spool, "operator", limit);
        }
        while (kept is null);

        Assert.Equal(3, kept);
        Assert.Empty(_donor.Spool.MarkedMessages());
    }

    [Fact]
    public async Task A_message_that_a_receiver_is_busy_with_is_offered_there_again()
    {
        _donor.Peers.RemoveAt(1);
        var before = await _donor.FillAsync(7, 13);
        var busy = before.Keys.MinBy(id => id.Number);
        // As after a connection that broke: its end there has not come, and the same message comes over another.
        var old = await _first.Spool.BeginReceivingAsync(new(_donor.Spool.Id, busy, 99), CancellationToken.None);
        var handing = _donor.HandOverAsync(Limit(60));
        await Eventually.HoldsAsync(() => _first.Spool.OpenMessages().Count() == 6, "six messages at the receiver");
        old.Writer!.Dispose();

        Assert.Equal(new HandoverOutcome(7, 0, 0), await handing);
        Assert.Equal(before, await _first.StandingAsync());
    }

    [Fact]
    public async Task A_full_receiver_is_passed_over()
    {
        var before = await _donor.FillAsync(40, 7);
        // It says that it takes mail, and then its disk is full.
        _donor.Peers[0] = donor => _first.SeenBy(donor)! with { Takes = true };
        _first.Refusal = Replies.SystemFull;
        await _donor.HandOverAsync(Limit(60));
        Assert.Empty(await _first.StandingAsync());
        Assert.Equal(before, await _second.StandingAsync());
    }

    [Fact]
    public async Task What_nobody_takes_stays_and_is_reported_and_may_be_delivered_here_again()
    {
        var before = await _donor.FillAsync(10, 8);
        _donor.Peers[0] = donor => _first.SeenBy(donor)! with { Takes = true };
        _first.Refusal = _second.Refusal = Replies.SystemFull;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var outcome = await _donor.HandOverAsync(limit.Token);
        Assert.Equal((0, 10), (outcome.Handed, outcome.Left));
        // What was on its way when time was up is asked about.
        await Eventually.HoldsAsync(() => _donor.Spool.MarkedCount == 0, "no mark to be left");
        Assert.Equal(before, await _donor.StandingAsync());
    }

    [Fact]
    public async Task Only_the_receivers_of_the_wish_are_given_mail()
    {
        var before = await _donor.FillAsync(10, 9);
        var one = _first.SeenBy(_donor)! with { Name = "relay-0.nodes:4053" };
        var other = _second.SeenBy(_donor)! with { Name = "relay-3.nodes:4053" };
        var parts = _donor.Parts with { Peers = _ => Task.FromResult<IReadOnlyList<HandoverPeer>>([one, other]) };
        await new HandoverDonor(parts, _donor.Inquiry).RunAsync(new HandoverWish.Yes("a test", new HandoverReceivers.OrdinalsBelow("relay", 3)), Limit(60), Limit(60));
        Assert.Equal(before, await _first.StandingAsync());
    }

    [Fact]
    public async Task Both_sides_write_an_event_for_each_message()
    {
        var before = await _donor.FillAsync(5, 10);
        await _donor.HandOverAsync(Limit(60));
        await _donor.EndEventsAsync();
        await _first.EndEventsAsync();
        await _second.EndEventsAsync();
        Assert.Equal(before.Keys.Select(id => id.ToString()).Order(), Ids(_donor, "HandedOver").Order());
        Assert.Equal(before.Keys.Select(id => id.ToString()).Order(), Ids(_first, "TakenOver").Concat(Ids(_second, "TakenOver")).Order());

        static IEnumerable<string> Ids(HandoverSite site, string type) => (Directory.Exists(site.EventFolder) ? Directory.GetFiles(site.EventFolder) : []).SelectMany(File.ReadLines)
            .Where(line => line.Contains($"\"type\":\"{type}\"", StringComparison.Ordinal)).Select(line => line.Split("\"id\":\"")[1].Split('"')[0]);
    }

    private static CancellationToken Limit(int seconds) => CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(TimeSpan.FromSeconds(seconds)).Token).Token;

    /// <summary>The messages of several spools; the same in two of them is a failure.</summary>
    private static Dictionary<QueueId, string> Together(Dictionary<QueueId, string> one, Dictionary<QueueId, string> other, Dictionary<QueueId, string>? third = null)
    {
        var all = new Dictionary<QueueId, string>();
        foreach (var (id, text) in one.Concat(other).Concat(third ?? []))
        {
            Assert.True(all.TryAdd(id, text), $"{id} is there twice");
        }
        return all;
    }
}
