using System.Globalization;
using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>kill -9 of a node under load.</summary>
[Collection(nameof(RigTests))]
public sealed class KilledNodeTests
{
    private const int Limit = 4;

    [Fact]
    public async Task A_killed_node_loses_nothing_and_the_others_go_on()
    {
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 2s }}");
        await using var load = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 40))}");
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 300, "300 mails", otherwise: rig.Logs);

        // It comes back on its disk.
        await rig.KillAsync(rig.Nodes[1]);
        rig.Nodes[1].Start();
        await rig.ReadyAsync();
        var returned = load.Accepted.Count;
        await Eventually.HoldsAsync(() => load.Accepted.Count >= returned + 300, "300 more mails", otherwise: rig.Logs);

        // It stays away, for the time being. Destinations that nobody has had mail for need new actors, a third of them on the dead node until it is removed.
        var gone = rig.Nodes[2];
        await rig.KillAsync(gone);
        var killed = RigClock.Now;
        await using var probe = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 900) + 100)}", clients: 2, pause: 80, first: 1_000_000, to: rig.Nodes[..2]);
        await Eventually.HoldsAsync(() => RigClock.Now > killed + TimeSpan.FromSeconds(20), "20 s");
        await probe.StopAsync();
        await rig.ArrivedAsync(probe);
        var probed = rig.Delays(probe);
        var back = probed.Max(delay => (probe.Accepted[delay.Key].At + delay.Value) - killed);
        var late = probed.Values.Where(delay => delay > TimeSpan.FromSeconds(1)).ToList();
        var steady = rig.Delays(load).Where(delay => load.Accepted[delay.Key] is var acceptance && acceptance.At > killed && !acceptance.By.Equals(gone.Space.Address)).Select(delay => delay.Value).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            new destinations after the kill: {probed.Count}, of which {late.Count} waited, at most {probed.Values.Max().TotalSeconds:F1} s; the last that had waited was served {rig.Sink.Receptions.Where(r => probe.Owns(r.Number) && probed[r.Number] > TimeSpan.FromSeconds(1)).Select(r => (r.At - killed).TotalSeconds).DefaultIfEmpty().Max():F1} s after the kill
            destinations in use: {steady.Count} mails, median {steady[steady.Count / 2].TotalMilliseconds:F0} ms, most {steady[^1].TotalSeconds:F1} s, {steady.Count(delay => delay > TimeSpan.FromSeconds(1))} over 1 s
            """));

        await load.StopAsync();
        gone.Start();
        await rig.ReadyAsync();
        await rig.ArrivedAsync(load);
        Account.Settle(rig, Limit, load, probe);
    }
}
