namespace MailCluster.Spool.CrashWorker;

/// <summary>kill -9, again and again, on one spool; each worker tells what the one before it has left.</summary>
internal static class KillRounds
{
    public static async Task<CrashReport> RunAsync(string directory, int rounds, int seed, bool isCarrying)
    {
        var random = new Random(seed);
        var ledger = new Ledger();
        for (var round = 1; round <= rounds && ledger.Violations.Count == 0; round++)
        {
            using var worker = new Worker(new LoadOptions(directory, round * 10_000_000L, isCarrying, IsUnsynced: false, IsDrained: false));
            ledger.Begin();
            // Now and then so early that it has hardly begun.
            var lines = random.Next(4) == 0 ? random.Next(1, 50) : random.Next(1000, 25_000);
            var isAlive = await worker.ReadAsync(ledger, lines, TimeSpan.FromSeconds(90));
            await worker.KillAsync();
            await worker.ReadRestAsync(ledger);
            if (!isAlive)
            {
                throw new InvalidOperationException($"The worker ended by itself: {(await worker.EndAsync()).Errors}");
            }
            Inspect(directory, $"after kill {round}", ledger);
        }
        await DrainAsync(directory, rounds, isCarrying, ledger);
        return CrashReport.Of(rounds, ledger);
    }

    /// <summary>Brings all mail to its end; then nothing is left.</summary>
    public static async Task DrainAsync(string directory, int rounds, bool isCarrying, Ledger ledger)
    {
        if (ledger.Violations.Count > 0)
        {
            return;
        }
        using var worker = new Worker(new LoadOptions(directory, (rounds + 1) * 10_000_000L, isCarrying, IsUnsynced: false, IsDrained: true));
        ledger.Begin();
        await worker.ReadAsync(ledger, int.MaxValue, TimeSpan.FromSeconds(90));
        if (await worker.EndAsync() is { ExitCode: not 0 } end)
        {
            throw new InvalidOperationException($"The last worker failed: {end.Errors}");
        }
        ledger.Begin();
        var inspected = Inspect(directory, "at the end", ledger);
        foreach (var message in inspected.Messages.Take(10))
        {
            ledger.Take($"X left over: {message.Envelope.ReversePath}");
        }
        // Nothing found: whatever has not ended is lost.
        ledger.Take("E");
    }

    /// <summary>Reads every record there is, by other code than the spool's own; what cannot be read is a violation.</summary>
    public static SpoolInspector Inspect(string directory, string when, Ledger ledger)
    {
        var inspected = SpoolInspector.Inspect(directory);
        foreach (var damage in inspected.Damage)
        {
            ledger.Take($"X {when}: {damage}");
        }
        return inspected;
    }
}
