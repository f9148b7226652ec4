using System.Globalization;
using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>kill -9 of a node under load.</summary>
[Collection(nameof(RigTests))]
public sealed class KilledNodeTests
{
    private const int Limit = 4;
    private const int Seldom = 200;

    [Fact]
    public async Task A_killed_node_loses_nothing_and_the_others_go_on()
    {
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit} }}");
        await using var load = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 40))}");
        await using var warm = rig.Send(SeldomUsed, clients: 3, pause: 20, first: 2_000_000);
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 300 && warm.Accepted.Count >= Seldom, "first mails", otherwise: rig.Logs);
        await warm.StopAsync();
        await rig.ArrivedAsync(warm);

        // It stays away, for the time being. A third of all actors were there.
        var gone = rig.Nodes[2];
        await rig.KillAsync(gone);
        var killed = RigClock.Now;
        await using var probe = rig.Send(SeldomUsed, clients: 2, pause: 80, first: 1_000_000, to: rig.Nodes[..2]);
        await Eventually.HoldsAsync(() => RigClock.Now > killed + TimeSpan.FromSeconds(15), "time");
        await probe.StopAsync();
        await rig.ArrivedAsync(probe);
        Report("destinations with a mail now and then", rig.Delays(probe), probe, killed);
        var used = rig.Delays(load).Where(delay => load.Accepted[delay.Key] is var acceptance && acceptance.At > killed && !acceptance.By.Equals(gone.Space.Address)).ToDictionary();
        Report("destinations in use", used, load, killed);

        // The actors are due within 15 s; what they serve comes a little later, and the machine may be busy.
        Assert.True(used.Values.Max() < TimeSpan.FromSeconds(25), "The others do not go on.");
        Assert.True(used.Values.Order().ElementAt(used.Count / 2) < TimeSpan.FromSeconds(1), "What the dead node had nothing to do with is disturbed.");

        gone.Start();
        await rig.ReadyAsync();

        // Another comes back at once, on its disk.
        await rig.KillAsync(rig.Nodes[1]);
        rig.Nodes[1].Start();
        await rig.ReadyAsync();
        var returned = load.Accepted.Count;
        await Eventually.HoldsAsync(() => load.Accepted.Count >= returned + 300, "300 more mails", otherwise: rig.Logs);

        await load.StopAsync();
        await rig.ArrivedAsync(load);
        Account.Settle(rig, Limit, load, warm, probe);
    }

    private static string SeldomUsed(long number) => $"u{number}@{WorldNames.Domain(100 + (int)(number % Seldom))}";

    private static void Report(string what, IReadOnlyDictionary<long, TimeSpan> delays, Load load, TimeSpan killed)
    {
        var late = delays.Where(delay => delay.Value > TimeSpan.FromSeconds(1)).ToList();
        var sorted = delays.Values.Order().ToList();
        var last = late.Select(delay => (load.Accepted[delay.Key].At + delay.Value - killed).TotalSeconds).DefaultIfEmpty(0).Max();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {delays.Count} mails at the others after the kill, median {sorted[sorted.Count / 2].TotalMilliseconds:F0} ms, {late.Count} over 1 s, the last of these served {last:F1} s after the kill"));
    }
}
