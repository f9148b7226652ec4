namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>Never two clusters that take mail, and in the end one of all nodes, whatever happens on the way.</summary>
public class FormationSimulationTests(ITestOutputHelper output)
{
    private const int Runs = 60;

    [Theory]
    [InlineData(3, 0)]
    [InlineData(2, 0)]
    [InlineData(5, 0)]
    [InlineData(4, 0)]
    [InlineData(3, 4)]
    public void There_are_never_two_and_in_the_end_there_is_one(int founders, int added)
    {
        var first = Random.Shared.Next(1_000_000);
        var (foundings, rejoins) = (0, 0);
        for (var seed = first; seed < first + Runs; seed++)
        {
            var simulation = new FormationSimulation(seed, founders, added);
            simulation.Trouble(400);
            if (simulation.Violation is null) simulation.Mend();
            for (var waited = 0; waited < 300 && !simulation.IsWhole && simulation.Violation is null; waited++) simulation.Run(1);
            Assert.True(simulation.Violation is null, $"seed {seed}, {founders} founders, {added} added: {simulation.Violation}");
            Assert.True(simulation.IsWhole, $"seed {seed}, {founders} founders, {added} added: after five minutes without trouble {simulation.Standings}");
            (foundings, rejoins) = (foundings + simulation.Foundings, rejoins + simulation.Rejoins);
        }

        output.WriteLine($"{Runs} runs from seed {first}: {foundings} clusters formed, {rejoins} nodes ended to start again");
        Assert.True(foundings > Runs);
    }
}
