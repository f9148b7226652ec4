using System.Globalization;
using System.Text;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// What the worker has done, told through a pipe the moment it is so: each line is in the reader's hands, or in the kernel's, when the call returns. So it outlives
/// the worker, and a file system whose power is cut.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly Stream _pipe = Console.OpenStandardOutput();
    private readonly Lock _lock = new();

    /// <summary>CommitAsync has returned.</summary>
    public void Acknowledged(long number) => Write($"A {number}");

    /// <summary>An outcome is about to be recorded: the entry's <paramref name="outcomes"/>th.</summary>
    public void Telling(long number, int destination, int outcomes) => Write($"T {number} {destination} {outcomes} {Environment.TickCount64}");

    /// <summary>FlushAsync has returned, and these were recorded before it was called.</summary>
    public void Flushed(IReadOnlyCollection<(long Number, int Destination, int Outcomes)> outcomes)
    {
        if (outcomes.Count > 0)
        {
            Write(string.Join('\n', outcomes.Select(static outcome => Invariant($"F {outcome.Number} {outcome.Destination} {outcome.Outcomes}"))));
        }
    }

    /// <summary>A report is about to be committed.</summary>
    public void Reporting(long report, ReportKind kind, long number, IEnumerable<ReportedRecipient> recipients)
        => Write($"B {report} {kind} {number} {string.Join(' ', recipients.Select(static recipient => Invariant($"{recipient.Destination}.{recipient.Recipient}")))}");

    /// <summary>An entry was found at the start, with the recipients that have not ended.</summary>
    public void Found(long number, int destination, Arrival arrival, IEnumerable<RecipientOutcome> recipients)
        => Write($"R {number} {destination} {arrival.Attempts} {arrival.NextAttempt.UtcTicks} {(arrival.DelayReported ? 1 : 0)} {string.Join(' ', recipients.Select(static recipient => Invariant($"{recipient.Recipient}.{(int)recipient.Status}")))}");

    /// <summary>All that was found has been told.</summary>
    public void FoundAll() => Write($"E");

    /// <summary>What is on the disk, of how much that is live, and what was carried so far.</summary>
    public void Measured(long octets, long live, long carried) => Write($"M {octets} {live} {carried}");

    /// <summary>The spool did what it must not.</summary>
    public void Violation(string what) => Write($"X {what.ReplaceLineEndings(" ")}");

    public void Dispose() => _pipe.Dispose();

    private void Write(FormattableString line) => Write(Invariant(line));

    private static string Invariant(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);

    private void Write(string lines)
    {
        var octets = Encoding.ASCII.GetBytes(lines + "\n");
        lock (_lock)
        {
            _pipe.Write(octets);
        }
    }
}
