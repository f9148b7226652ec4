using System.Globalization;
using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>Nodes that cannot be heard for a while: cut off, half deaf, paused. A site's limit holds all the time but for such a node's own connections; and there is never a second cluster.</summary>
[Collection(nameof(RigTests))]
public sealed class CutOffTests
{
    private const int Limit = 4;

    [Fact]
    public async Task A_minority_refuses_ends_and_comes_back()
    {
        await using var rig = await BusyAsync();
        await using var load = Load(rig);
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 300, "300 mails", otherwise: rig.Logs);
        var alone = rig.Nodes[2];
        var began = RigClock.Now;
        var cut = await rig.BeginAsync(alone, "cut off", () => alone.Space.CutOffAsync(rig.Nodes[0].Space, rig.Nodes[1].Space));

        // It ends in order, asking to be started again, and is: but takes no mail, and forms no cluster, until it finds the others.
        await Eventually.HoldsAsync(() => alone.Exits.Count > 0, "the minority's end", TimeSpan.FromSeconds(90), rig.Logs);
        Say($"the minority ended {(RigClock.Now - began).TotalSeconds:F1} s after it was cut off");
        Assert.Equal(RigNode.AsksForRestart, alone.Exits[0]);
        var until = began + TimeSpan.FromSeconds(Rig.Rig.IsLong ? 60 : 22);
        await Eventually.HoldsAsync(
            async () =>
            {
                Assert.False(await alone.IsReadyAsync(), $"A node that is cut off says that it is ready:\n{alone.Log}");
                return RigClock.Now > until;
            },
            "time", TimeSpan.FromMinutes(2));
        var accepted = load.Accepted.Values.Count(acceptance => acceptance.At > began + TimeSpan.FromSeconds(15));
        Assert.True(accepted > 0, "The majority takes no mail.");
        await rig.EndAsync(cut, alone.Space.HealAsync);
        var healed = RigClock.Now;
        await rig.ReadyAsync();
        Say($"it was ready again {(RigClock.Now - healed).TotalSeconds:F1} s after the healing; {accepted} mails were taken by the others meanwhile");
        await EndAsync(rig, load);
    }

    [Fact]
    public async Task A_pulled_cable_and_lost_packets_lose_no_mail()
    {
        await using var rig = await BusyAsync();
        await using var load = Load(rig);
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 300, "300 mails", otherwise: rig.Logs);

        // Hears the others badly, and one of them not at all, while they hear it well.
        var deaf = rig.Nodes[1];
        var loss = await rig.BeginAsync(deaf, "loss", async () =>
        {
            await deaf.Space.LoseIncomingAsync(100, rig.Nodes[0].Space);
            await deaf.Space.LoseIncomingAsync(20, rig.Nodes[2].Space, rig.World);
        });
        await PassAsync(Rig.Rig.IsLong ? 60 : 12);
        await rig.EndAsync(loss, deaf.Space.HealAsync);
        await rig.ReadyAsync(within: TimeSpan.FromSeconds(90));

        // Too slow for its mail, and then nothing at all: neither peers nor mail exchangers nor applications.
        var unplugged = rig.Nodes[0];
        var cut = await rig.BeginAsync(unplugged, "unplugged", async () =>
        {
            await unplugged.Space.SlowDownAsync(64);
            await PassAsync(3);
            await unplugged.Space.UnplugAsync();
        });
        await PassAsync(Rig.Rig.IsLong ? 60 : 6);
        await rig.EndAsync(cut, unplugged.Space.HealAsync);
        await rig.ReadyAsync(within: TimeSpan.FromSeconds(90));
        await EndAsync(rig, load);
    }

    [Fact]
    public async Task A_paused_node_wakes_up_to_a_cluster_that_went_on_without_it()
    {
        await using var rig = await BusyAsync();
        await using var load = Load(rig);
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 300, "300 mails", otherwise: rig.Logs);
        var paused = rig.Nodes[1];
        var pause = await rig.BeginAsync(paused, "paused", () =>
        {
            paused.Pause();
            return Task.CompletedTask;
        });
        await PassAsync(20);
        await rig.EndAsync(pause, () =>
        {
            paused.Continue();
            return Task.CompletedTask;
        });
        await Eventually.HoldsAsync(() => paused.Exits.Count > 0, "its end", TimeSpan.FromSeconds(60), rig.Logs);
        Assert.Equal(RigNode.AsksForRestart, paused.Exits[0]);
        await rig.ReadyAsync();
        await EndAsync(rig, load);
    }

    /// <summary>Few sites, mail for them at every node, and transactions that take a while: every slot is wanted all the time.</summary>
    private static Task<Rig.Rig> BusyAsync() =>
        Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 2s, timeouts {{ connect = 3s, greeting = 5s, ehlo = 5s, mail = 5s, rcpt = 5s, data = 5s, data-termination = 10s }} }}");

    private static Load Load(Rig.Rig rig)
    {
        rig.Sink.Thinking = TimeSpan.FromMilliseconds(40);
        return rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 5))}", clients: 9, pause: 20);
    }

    private static async Task EndAsync(Rig.Rig rig, Load load)
    {
        var before = load.Accepted.Count;
        await Eventually.HoldsAsync(() => load.Accepted.Count >= before + 200, "200 more mails", otherwise: rig.Logs);
        await load.StopAsync();
        await rig.ArrivedAsync(load);
        await rig.OneClusterAsync();
        Say($"{string.Join("; ", rig.Nodes.Select(node => $"{node.Name} ended {(node.Exits.Count == 0 ? "never" : string.Join(", ", node.Exits))}"))}");
        Account.Settle(rig, Limit, load);
    }

    private static Task PassAsync(int seconds)
    {
        var until = RigClock.Now + TimeSpan.FromSeconds(seconds);
        return Eventually.HoldsAsync(() => RigClock.Now > until, "time", TimeSpan.FromSeconds(seconds + 10));
    }

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
