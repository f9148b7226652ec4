using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>Nodes come and go in order, under load.</summary>
[Collection(nameof(RigTests))]
public sealed class GrowthTests
{
    private const int Limit = 4;

    [Fact]
    public async Task Three_nodes_join_three_and_leave_again()
    {
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 1s }}");
        rig.Sink.Thinking = TimeSpan.FromMilliseconds(20);
        await using var load = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 20))}", to: rig.Nodes[..3]);
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 200, "200 mails", otherwise: rig.Logs);
        await rig.AddAsync(3);
        var newcomers = rig.Nodes[3..];
        await using (var more = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 20))}", first: 1_000_000, to: newcomers))
        {
            await Eventually.HoldsAsync(
                () => newcomers.All(node => rig.Sink.Receptions.Any(reception => reception.From.Equals(node.Space.Address))) && more.Accepted.Count >= 300, "mail delivered by each newcomer", otherwise: rig.Logs);

            // All three at once, with mail that waits for one of few connections: what they have goes to those that stay.
            var codes = await Task.WhenAll(newcomers.Select(node => node.HandOverAsync()));
            Assert.All(codes, code => Assert.Equal(0, code));
            await more.StopAsync();

            var left = load.Accepted.Count;
            await Eventually.HoldsAsync(() => load.Accepted.Count >= left + 200, "200 more mails at those that stayed", otherwise: rig.Logs);
            await load.StopAsync();
            await rig.ArrivedAsync(load);
            await rig.ArrivedAsync(more);
            Account.Settle(rig, Limit, load, more);
        }
    }

    [Fact]
    public async Task A_rolling_restart_behind_HAProxy_is_seen_by_no_sender()
    {
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 1s }}");
        var front = await rig.BalanceAsync();
        await using var load = new Load(rig.Applications, new()
        {
            Target = _ => front,
            Recipient = number => $"u{number}@{WorldNames.Domain((int)(number % 100))}",
            Clients = 9,
        });
        for (var round = 0; round < (Rig.Rig.IsLong ? 5 : 1); round++)
        {
            foreach (var node in rig.Nodes)
            {
                var before = load.Accepted.Count;
                await Eventually.HoldsAsync(() => load.Accepted.Count >= before + 200, "200 more mails", otherwise: rig.Logs);
                Assert.Equal(0, await node.StopAsync());
                node.Start();
                await rig.ReadyAsync();
            }
        }

        var end = load.Accepted.Count;
        await Eventually.HoldsAsync(() => load.Accepted.Count >= end + 200, "200 more mails", otherwise: rig.Logs);
        await load.StopAsync();
        await rig.ArrivedAsync(load);
        Assert.Empty(load.Cuts);
        Account.Settle(rig, Limit, load);
        var receptions = rig.Sink.Receptions.CountBy(reception => reception.Number).Where(count => count.Value > 1);
        Assert.Empty(receptions);
    }
}
