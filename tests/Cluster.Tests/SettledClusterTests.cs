using System.Globalization;
using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>Three nodes that nothing happens to.</summary>
[Collection(nameof(RigTests))]
public sealed class SettledClusterTests
{
    private const int Limit = 2;

    [Fact]
    public async Task A_strict_limit_serves_every_node_and_a_first_mail_waits_for_nothing()
    {
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 1s }}");

        // Two connections, three nodes with mail for them all the time.
        rig.Sink.Thinking = TimeSpan.FromMilliseconds(30);
        var began = RigClock.Now;
        await using var strict = rig.Send(number => $"u{number}@{WorldNames.Domain(7)}", pause: 60);
        await Eventually.HoldsAsync(() => rig.Sink.Receptions.Select(reception => reception.From).Distinct().Count() == 3, "mail from each node", TimeSpan.FromSeconds(30), rig.Logs);
        var served = rig.Sink.Receptions.GroupBy(reception => rig.NameOf(reception.From)).Select(node => (Node: node.Key, At: node.Min(reception => reception.At) - began)).OrderBy(node => node.At);
        Say($"two connections for three nodes, first mail of each: {string.Join(", ", served.Select(node => string.Create(CultureInfo.InvariantCulture, $"{node.Node} {node.At.TotalSeconds:F1} s")))}");
        await strict.StopAsync();
        rig.Sink.Thinking = TimeSpan.Zero;
        await rig.ArrivedAsync(strict);

        // Each domain for the first time, at any node.
        await using var first = rig.Send(number => $"u{number}@{WorldNames.Domain((int)number)}", clients: 3, pause: 30, first: 1_000_100);
        await Eventually.HoldsAsync(() => first.Accepted.Count >= 300, "300 first mails", otherwise: rig.Logs);
        await first.StopAsync();
        await rig.ArrivedAsync(first);
        var delays = rig.Delays(first).Values.Order().ToList();
        Say($"first mail to {delays.Count} destinations: median {delays[delays.Count / 2].TotalMilliseconds:F0} ms, 99 of 100 within {delays[delays.Count * 99 / 100].TotalMilliseconds:F0} ms, most {delays[^1].TotalMilliseconds:F0} ms");

        // The shards are made at the same time, one after the other, which takes a moment on a busy machine. A wait for a repeated question would be in nearly all of them.
        Assert.True(delays[delays.Count / 2] < TimeSpan.FromSeconds(1), $"The grace, or a repeated question, is waited for: {delays[delays.Count / 2]}");
        Account.Settle(rig, Limit, strict, first);
    }

    [Fact]
    public async Task Two_hundred_milliseconds_between_nodes_disturb_nothing()
    {
        var links = new List<DelayedLink>();
        await using var rig = await Rig.Rig.StartAsync(3, $"delivery {{ connections-per-site = {Limit}, idle-timeout = 1s }}", async laying =>
        {
            var spaces = laying.Nodes.Select(node => node.Space).ToList();
            foreach (var space in spaces)
            {
                links.Add(await DelayedLink.LayAsync(space, spaces, TimeSpan.FromMilliseconds(200)));
            }
        });
        try
        {
            await using var load = rig.Send(number => $"u{number}@{WorldNames.Domain((int)(number % 20))}");
            var until = RigClock.Now + TimeSpan.FromSeconds(Rig.Rig.IsLong ? 120 : 15);
            await Eventually.HoldsAsync(() => RigClock.Now > until, "time", TimeSpan.FromMinutes(3));
            await load.StopAsync();
            await rig.ArrivedAsync(load);
            var delays = rig.Delays(load).Values.Order().ToList();
            Say($"200 ms each way between nodes, {links.Sum(link => link.Connections)} connections through it: median {delays[delays.Count / 2].TotalMilliseconds:F0} ms, most {delays[^1].TotalSeconds:F1} s");
            Assert.True(links.Sum(link => link.Connections) >= 2, "The nodes do not talk over the distance.");
            Assert.All(rig.Nodes, node => Assert.Empty(node.Exits));
            Account.Settle(rig, Limit, load);
        }
        finally
        {
            foreach (var link in links)
            {
                await link.DisposeAsync();
            }
        }
    }

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
