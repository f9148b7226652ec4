using MailCluster.Cluster.Tests.Rig;

namespace MailCluster.Cluster.Tests;

/// <summary>One at a time, and beside nothing else: they measure.</summary>
[CollectionDefinition(nameof(RigTests), DisableParallelization = true)]
[Collection(nameof(RigTests))]
public sealed class RigTests
{
    [Fact]
    public async Task Mail_goes_through_a_node()
    {
        await using var rig = await Rig.Rig.StartAsync(1);
        await using var load = new Load(rig.Applications, new() { Target = client => rig.Nodes[0].Smtp, Recipient = number => $"u{number}@{WorldNames.Domain((int)number)}" });
        await Eventually.HoldsAsync(() => load.Accepted.Count >= 100, "100 mails accepted", otherwise: rig.Logs);
        await load.StopAsync();
        await rig.ArrivedAsync(load);
        Assert.All(rig.Sink.Receptions, reception => Assert.True(reception.Intact));
    }
}
