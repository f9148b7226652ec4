namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>Never two clusters that take mail, and in the end one of all nodes, whatever happens on the way.</summary>
public class FormationSimulationTests(ITestOutputHelper output)
{
    private const int Runs = 60;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(5, 20)]
    public void Without_trouble_one_is_formed_and_nobody_has_to_start_again(int founders, int added)
    {
        var first = Random.Shared.Next(1_000_000);
        for (var seed = first; seed < first + Runs; seed++)
        {
            var simulation = new FormationSimulation(seed, founders, added);
            simulation.Run(60);
            Assert.True(simulation is { IsWhole: true, Foundings: 1, Rejoins: 0 }, $"seed {seed}: {simulation.Foundings} formed, {simulation.Rejoins} started again; {simulation.Standings}");
        }
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(2, 0)]
    [InlineData(5, 0)]
    [InlineData(4, 0)]
    [InlineData(3, 4)]
    public void There_are_never_two_and_in_the_end_there_is_one(int founders, int added)
    {
        var first = Random.Shared.Next(1_000_000);
        var (foundings, rejoins, worst) = (0, 0, 0);
        for (var seed = first; seed < first + Runs; seed++)
        {
            var simulation = new FormationSimulation(seed, founders, added);
            simulation.Trouble(400);
            if (simulation.Violation is null) simulation.Mend();
            var before = simulation.Rejoins;
            for (var waited = 0; waited < 300 && !simulation.IsWhole && simulation.Violation is null; waited++) simulation.Run(1);
            Assert.True(simulation.Violation is null, $"seed {seed}, {founders} founders, {added} added: {simulation.Violation}");
            Assert.True(simulation.IsWhole, $"seed {seed}, {founders} founders, {added} added: after five minutes without trouble {simulation.Standings}");
            Assert.True(simulation.Rejoins - before <= founders + added, $"seed {seed}, {founders} founders, {added} added: {simulation.Rejoins - before} started again after the trouble");
            worst = Math.Max(worst, simulation.Rejoins - before);
            (foundings, rejoins) = (foundings + simulation.Foundings, rejoins + simulation.Rejoins);
        }

        output.WriteLine($"{Runs} runs from seed {first}: {foundings} clusters formed, {rejoins} nodes ended to start again, at most {worst} of them after the trouble");
        Assert.True(foundings > Runs);
    }
}
