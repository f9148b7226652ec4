using System.Diagnostics;

namespace MailCluster.Actors.Tests.Sites;

/// <summary>What leases cost and give in clusters of all sizes; docs/scaling.md has the figures of the whole table.</summary>
public sealed class LeaseScaleTests
{
    /// <summary>A file to which the rows of the whole table are written; without it the small settings run.</summary>
    private static readonly string? Table = Environment.GetEnvironmentVariable("MAILCLUSTER_LEASE_SCALE");

    private static readonly LeaseScaleSetting[] Small =
    [
        new("steady", 3, 100, 3, 10, 8, 60) { Runs = 5 },
        new("bursts", 5, 50, 5, 10, 8, 60) { Runs = 5, Bursts = true },
        new("strict", 3, 20, 3, 2, 4, 60) { Runs = 5 },
        new("more nodes than connections", 40, 1, 40, 10, 4, 60) { Runs = 2 },
        new("a node dies", 5, 50, 5, 10, 8, 80) { Runs = 5, NodeDies = true },
    ];

    private static readonly LeaseScaleSetting[] Whole =
    [
        new("steady", 3, 1_000, 3, 10, 8, 120) { Runs = 20 },
        new("bursts", 3, 1_000, 3, 10, 8, 120) { Runs = 20, Bursts = true },
        new("strict", 3, 100, 3, 2, 4, 120) { Runs = 1_000 },
        new("strict, bursts", 3, 100, 3, 2, 4, 120) { Runs = 1_000, Bursts = true },
        new("a node dies", 5, 1_000, 5, 10, 8, 120) { Runs = 20, NodeDies = true },
        new("steady", 10, 10_000, 3, 10, 8, 60),
        new("bursts", 10, 10_000, 3, 10, 8, 60) { Bursts = true },
        new("steady", 100, 100_000, 5, 10, 8, 20),
        new("steady", 1_000, 100_000, 5, 10, 8, 20),
        new("bursts", 1_000, 100_000, 5, 10, 8, 15) { Bursts = true },
        new("a node dies", 100, 10_000, 5, 10, 8, 80) { NodeDies = true },
        new("a node dies", 1_000, 10_000, 5, 10, 8, 80) { NodeDies = true },
        new("one provider, all nodes", 100, 1, 100, 10, 4, 120) { Runs = 10 },
        new("one provider, all nodes", 100, 1, 100, 1_000, 20, 120) { Runs = 10 },
        new("one provider, all nodes", 1_000, 1, 1_000, 10, 4, 1_200),
        new("one provider, all nodes", 1_000, 1, 1_000, 2_000, 4, 120),
        new("one provider, bursts", 1_000, 1, 1_000, 500, 4, 120) { Bursts = true },
    ];

    [Fact]
    public void No_size_exceeds_a_limit_or_leaves_a_node_without_its_turn()
    {
        foreach (var setting in Table is null ? Small : Whole)
        {
            var began = Stopwatch.GetTimestamp();
            var figures = new LeaseScaleFigures();
            for (var seed = 1; seed <= setting.Runs; seed++)
            {
                try
                {
                    LeaseScale.Run(setting, seed, figures);
                }
                catch (InvalidOperationException failure)
                {
                    throw new InvalidOperationException($"{setting}, seed {seed}: {failure.Message}", failure);
                }
            }

            var row = figures.Row(setting, Stopwatch.GetElapsedTime(began));
            TestContext.Current.TestOutputHelper?.WriteLine(row);
            if (Table is not null) File.AppendAllText(Table, row + "\n");

            Assert.True(figures.Grants > 0 && figures.MostLeased <= setting.Limit, row);

            // Nobody waits for longer than it takes all to have their turn, and some to spare; where a node died, the grace time on top.
            var turns = Math.Ceiling((double)setting.NodesEach / setting.Limit);
            var wait = TimeSpan.FromSeconds((turns * 5.5) + 6) + (setting.NodeDies ? TimeSpan.FromSeconds(36) : TimeSpan.Zero);
            Assert.True(figures.LongestWait <= wait, $"waited {figures.LongestWait}: {row}");
            if (!setting.Bursts && !setting.NodeDies) Assert.True(figures.Utilisation > 0.9, row);
        }
    }
}
