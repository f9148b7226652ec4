using System.Text.Json;

namespace MailCluster.Spool.CrashWorker;

/// <summary>Crashes, again and again, of a process that hands over between two spools: by kill -9, or by a power cut of the disk that both are on.</summary>
internal static class HandoverRounds
{
    private const long Octets = 1L << 30;

    public static async Task<HandoverReport> KillAsync(string directory, int rounds, int seed)
    {
        var random = new Random(seed);
        var ledger = new HandoverLedger();
        for (var round = 1; round <= rounds && ledger.Violations.Count == 0; round++)
        {
            using var worker = Begin(directory, round, "load");
            await LoadAsync(worker, ledger, random);
            await worker.KillAsync();
            await worker.ReadRestAsync(ledger.Take);
            Inspect(directory, $"after kill {round}", ledger);
        }
        await LookAsync(directory, rounds, ledger);
        return HandoverReport.Of(rounds, ledger);
    }

    public static async Task<HandoverReport> CutAsync(string directory, int rounds, int seed)
    {
        var random = new Random(seed);
        var disk = new LoopDisk(directory, Octets);
        var ledger = new HandoverLedger();
        disk.Mount();
        for (var round = 1; round <= rounds && ledger.Violations.Count == 0; round++)
        {
            using (var worker = Begin(disk.MountPoint, round, "load"))
            {
                await LoadAsync(worker, ledger, random);
                worker.Freeze();
                disk.Cut();
                await worker.KillAsync();
                await worker.ReadRestAsync(ledger.Take);
            }
            disk.Unmount();
            disk.Mount();
            Inspect(disk.MountPoint, $"after cut {round}", ledger);
        }
        await LookAsync(disk.MountPoint, rounds, ledger);
        disk.Unmount();
        return HandoverReport.Of(rounds, ledger);
    }

    private static Worker Begin(string directory, int round, string what) => new(["handover-load", directory, $"{round * 10_000_000L}", what]);

    private static async Task LoadAsync(Worker worker, HandoverLedger ledger, Random random)
    {
        var lines = random.Next(5) == 0 ? random.Next(1, 50) : random.Next(500, 8000);
        if (!await worker.ReadAsync(ledger.Take, lines, TimeSpan.FromSeconds(90)))
        {
            throw new InvalidOperationException($"The worker ended by itself: {(await worker.EndAsync()).Errors}");
        }
    }

    /// <summary>A last start, and an orderly end.</summary>
    private static async Task LookAsync(string directory, int rounds, HandoverLedger ledger)
    {
        if (ledger.Violations.Count > 0)
        {
            return;
        }
        using var worker = Begin(directory, rounds + 1, "look");
        await worker.ReadAsync(ledger.Take, int.MaxValue, TimeSpan.FromSeconds(90));
        if (await worker.EndAsync() is { ExitCode: not 0 } end)
        {
            throw new InvalidOperationException($"The last worker failed: {end.Errors}");
        }
        Inspect(directory, "at the end", ledger);
    }

    private static void Inspect(string directory, string when, HandoverLedger ledger)
    {
        foreach (var name in (string[])["a", "b"])
        {
            if (File.Exists(Path.Combine(directory, name, "spool")))
            {
                foreach (var damage in SpoolInspector.Inspect(Path.Combine(directory, name)).Damage)
                {
                    ledger.Take($"X {when}: {damage}");
                }
            }
        }
    }
}

/// <summary>What came of the rounds.</summary>
internal sealed record HandoverReport(int Rounds, int Acknowledged, int Handed, int Delivered, int Found, int Had, int Kept, IReadOnlyList<string> Violations)
{
    public static HandoverReport Of(int rounds, HandoverLedger ledger) => new(
        rounds, ledger.Acknowledged, ledger.Handed, ledger.Delivered, ledger.Found, ledger.Settled.Had, ledger.Settled.Kept, [.. ledger.Violations.Take(40)]);

    public static HandoverReport Parse(string json) => JsonSerializer.Deserialize<HandoverReport>(json)!;

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <inheritdoc/>
    public override string ToString() => $"{Rounds} crashes, {Acknowledged} mails acknowledged, {Handed} handed over, {Delivered} delivered, {Found} found; of marks {Had} had arrived and {Kept} not"
        + (Violations.Count > 0 ? "\n" + string.Join('\n', Violations) : "");
}
