using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.Sites;

public sealed class LeaseSimulationTests
{
    /// <summary>More for a long run: each schedule is three minutes of virtual time.</summary>
    private static readonly int Schedules = int.TryParse(Environment.GetEnvironmentVariable("MAILCLUSTER_LEASE_SCHEDULES"), out var many) ? many : 2000;

    /// <summary>A seed whose requests and answers are shown; run with <c>-diagnostics</c>.</summary>
    private static readonly int Traced = int.TryParse(Environment.GetEnvironmentVariable("MAILCLUSTER_LEASE_TRACED"), out var seed) ? seed : 0;

    [Fact]
    public void No_schedule_of_troubles_leases_more_than_the_limit_and_calm_gives_each_its_share()
    {
        var (grants, most) = (0, 0);
        ForEachSeed(Schedules, seed =>
        {
            var random = new Random(seed);
            var simulation = new LeaseSimulation(seed, nodes: random.Next(3, 6), limit: random.Next(1, 13), limitChanges: seed % 3 == 0)
            {
                Trace = seed == Traced ? TestContext.Current.SendDiagnosticMessage : null,
            };
            simulation.Run(TimeSpan.FromSeconds(120));
            simulation.CalmDown();
            simulation.Run(TimeSpan.FromSeconds(220));

            var living = simulation.Nodes.Where(node => !node.IsDead && !node.IsRemoved).ToList();
            foreach (var node in living)
            {
                node.Demand = 8;
            }

            var served = new HashSet<object>();
            simulation.Run(TimeSpan.FromSeconds(320), () => served.UnionWith(living.Where(node => node.Open > 0)));

            // Each got something, and nothing lies idle.
            var stand = string.Join('\n', living);
            Assert.True(living.Count == served.Count, $"{served.Count} of {living.Count} were served:\n{stand}");
            var limit = living.Min(node => node.Limit);
            if (living.Count <= limit)
            {
                Assert.True(Math.Min(limit, 8 * living.Count) == living.Sum(node => node.Leased), $"something of the limit {limit} lies idle:\n{stand}");
                Assert.True(living.Max(node => node.Leased) - living.Min(node => node.Leased) <= 1, $"shares of the limit {limit} differ:\n{stand}");
            }

            Interlocked.Add(ref grants, simulation.GrantsSeen);
            most = Math.Max(most, simulation.ConnectionsSeen);
        });

        Assert.True(grants > (Traced > 0 ? 0 : Schedules * 20), $"only {grants} grants: the simulation does not reach what it is for");
    }

    private static void ForEachSeed(int seeds, Action<int> run)
    {
        for (var seed = Traced > 0 ? Traced : 1; seed <= (Traced > 0 ? Traced : seeds); seed++)
        {
            try
            {
                run(seed);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }
}
