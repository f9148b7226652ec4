namespace MailCluster.Spool.CrashWorker;

/// <summary>Power cuts, again and again, on one spool: the worker is frozen, its file system shut down without a flush of its log, and mounted again.</summary>
internal static class PowerCuts
{
    private const long Octets = 1L << 30;

    public static async Task<CrashReport> RunAsync(string directory, int rounds, int seed, bool isCarrying)
    {
        var random = new Random(seed);
        var disk = new LoopDisk(directory, Octets);
        var spool = Path.Combine(disk.MountPoint, "spool");
        var ledger = new Ledger();
        disk.Mount();
        for (var round = 1; round <= rounds && ledger.Violations.Count == 0; round++)
        {
            await CutAsync(disk, new(spool, round * 10_000_000L, isCarrying, IsUnsynced: false, IsDrained: false), random.Next(5) == 0 ? random.Next(1, 50) : random.Next(1000, 20_000), ledger);
            KillRounds.Inspect(spool, $"after cut {round}", ledger);
        }
        await KillRounds.DrainAsync(spool, rounds, isCarrying, ledger);
        disk.Unmount();
        return CrashReport.Of(rounds, ledger);
    }

    /// <summary>The negative control: syncs that do nothing must lose mail, or the cuts cut nothing.</summary>
    public static async Task<CrashReport> RunUnsyncedAsync(string directory, int rounds, int seed)
    {
        var random = new Random(seed);
        CrashReport? all = null;
        for (var round = 1; round <= rounds; round++)
        {
            var disk = new LoopDisk(Path.Combine(directory, $"{round}"), Octets);
            var spool = Path.Combine(disk.MountPoint, "spool");
            var ledger = new Ledger();
            disk.Mount();
            await CutAsync(disk, new(spool, round * 10_000_000L, IsCarrying: false, IsUnsynced: true, IsDrained: false), random.Next(3000, 10_000), ledger);
            using (var worker = new Worker(new LoadOptions(spool, (round + 1) * 10_000_000L, IsCarrying: false, IsUnsynced: false, IsDrained: false)))
            {
                ledger.Begin();
                if (!await worker.ReadAsync(ledger, 0, TimeSpan.FromSeconds(90)))
                {
                    // Not even opened: nothing is found.
                    ledger.Take("E");
                }
                await worker.KillAsync();
                await worker.ReadRestAsync(ledger);
            }
            disk.Unmount();
            var report = CrashReport.Of(1, ledger);
            all = all is null ? report : report with { Rounds = round, Acknowledged = all.Acknowledged + report.Acknowledged, Lost = all.Lost + report.Lost };
            if (report.Lost == 0)
            {
                return all with { Lost = 0 };
            }
        }
        // What else is wrong then, is what was asked for.
        return all! with { Violations = [] };
    }

    private static async Task CutAsync(LoopDisk disk, LoadOptions options, int lines, Ledger ledger)
    {
        using (var worker = new Worker(options))
        {
            ledger.Begin();
            if (!await worker.ReadAsync(ledger, lines, TimeSpan.FromSeconds(90)))
            {
                throw new InvalidOperationException($"The worker ended by itself: {(await worker.EndAsync()).Errors}");
            }
            // A shutdown under a running sync is no single moment: everything stands still first.
            worker.Freeze();
            disk.Cut();
            await worker.KillAsync();
            await worker.ReadRestAsync(ledger);
        }
        disk.Unmount();
        disk.Mount();
    }
}
