using System.Text.Json;

namespace MailCluster.Spool.CrashWorker;

/// <summary>What came of the rounds.</summary>
/// <param name="Rounds">Crashes.</param>
/// <param name="Acknowledged">Mails whose commit returned.</param>
/// <param name="Reports">Reports among them.</param>
/// <param name="Flushed">Outcomes that a flush had said to be durable.</param>
/// <param name="Compared">Entries found at starts, and compared with what is known.</param>
/// <param name="Lost">Entries lost.</param>
/// <param name="CameBack">Recipients served again, because the record of it was under way.</param>
/// <param name="OldestThatCameBack">The longest, in milliseconds, that such a record had been under way.</param>
/// <param name="Carried">Octets carried.</param>
/// <param name="LargestLogs">The most octets that the logs had.</param>
/// <param name="LiveThen">Octets of live mail at that moment.</param>
/// <param name="Violations">What must not be; empty where all is well.</param>
internal sealed record CrashReport(
    int Rounds, int Acknowledged, int Reports, int Flushed, int Compared, int Lost, int CameBack, long OldestThatCameBack, long Carried, long LargestLogs, long LiveThen,
    IReadOnlyList<string> Violations)
{
    public static CrashReport Of(int rounds, Ledger ledger) => new(
        rounds, ledger.Acknowledged, ledger.Reports, ledger.Flushed, ledger.Compared, ledger.Lost, ledger.CameBack, ledger.OldestThatCameBack, ledger.Carried,
        ledger.Largest.Octets, ledger.Largest.Live, [.. ledger.Violations.Take(40)]);

    public static CrashReport Parse(string json) => JsonSerializer.Deserialize<CrashReport>(json)!;

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <inheritdoc/>
    public override string ToString() => $"{Rounds} crashes, {Acknowledged} mails acknowledged ({Reports} reports), {Flushed} outcomes flushed, {Compared} entries compared: "
        + $"{Lost} lost, {CameBack} came back (told {OldestThatCameBack} ms before at most), {Carried} octets carried, logs at most {LargestLogs} octets with {LiveThen} live"
        + (Violations.Count > 0 ? "\n" + string.Join('\n', Violations) : "");
}
