using System.Globalization;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// What is known of all mail from the workers' journals, and the judge of what each of them finds. A recipient's state follows from its mail's number and the outcomes
/// recorded; so of each entry two numbers are enough: outcomes that are certainly durable, and outcomes that may be.
/// </summary>
internal sealed class Ledger
{
    private readonly Dictionary<(long Number, int Destination), EntryLedger> _entries = [];
    private readonly HashSet<long> _kept = [];
    private readonly Dictionary<long, (ReportKind Kind, long Number, List<ReportedRecipient> Recipients)> _reports = [];
    private readonly Dictionary<long, List<long>> _reportsOf = [];
    private readonly Dictionary<(long Number, int Destination), FoundEntry> _found = [];
    private readonly List<string> _violations = [];
    private readonly HashSet<(long Number, int Destination)> _ended = [];
    private long _lastMoment;

    /// <summary>What must not be, in words.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Mails whose commit returned.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Entries of them that were neither found nor brought to their end.</summary>
    public int Lost { get; private set; }

    /// <summary>Recipients served and not known to be when the crash came: the only duplicates there may be.</summary>
    public int CameBack { get; private set; }

    /// <summary>Milliseconds that the oldest such outcome had been told before the last line of the journal.</summary>
    public long OldestThatCameBack { get; private set; }

    /// <summary>Outcomes that a flush had said to be durable.</summary>
    public int Flushed { get; private set; }

    /// <summary>Reports committed.</summary>
    public int Reports { get; private set; }

    /// <summary>Entries found at starts and compared, all states and contents.</summary>
    public int Compared { get; private set; }

    /// <summary>Octets carried by all workers.</summary>
    public long Carried { get; private set; }

    /// <summary>The largest logs seen, in octets, with what was live in them.</summary>
    public (long Octets, long Live) Largest { get; private set; }

    private long _carried;

    /// <summary>A worker begins.</summary>
    public void Begin()
    {
        _found.Clear();
        Carried += _carried;
        _carried = 0;
    }

    /// <summary>A line of its journal. True where it was the last of what it found.</summary>
    public bool Take(string line)
    {
        var parts = line.Split(' ');
        switch (parts[0])
        {
            case "A":
                _kept.Add(Long(parts[1]));
                Acknowledged++;
                Reports += Long(parts[1]) >= MailPlan.FirstReport ? 1 : 0;
                break;
            case "T":
                _kept.Add(Long(parts[1]));
                var told = Entry(Long(parts[1]), (int)Long(parts[2]));
                told.Told = (int)Long(parts[3]);
                told.ToldAt = _lastMoment = Long(parts[4]);
                break;
            case "F":
                var flushed = Entry(Long(parts[1]), (int)Long(parts[2]));
                flushed.Flushed = Math.Max(flushed.Flushed, (int)Long(parts[3]));
                Flushed++;
                break;
            case "B":
                var report = Long(parts[1]);
                var number = Long(parts[3]);
                _reports.Add(report, (Enum.Parse<ReportKind>(parts[2]), number, [.. parts[4..].Select(Pair).Select(static pair => new ReportedRecipient(pair.First, pair.Second))]));
                if (!_reportsOf.TryGetValue(number, out var reports))
                {
                    _reportsOf.Add(number, reports = []);
                }
                reports.Add(report);
                break;
            case "R":
                if (!_found.TryAdd((Long(parts[1]), (int)Long(parts[2])), new((int)Long(parts[3]), Long(parts[4]), parts[5] == "1",
                    [.. parts[6..].Where(static part => part.Length > 0).Select(Pair).Select(static pair => (pair.First, (RecipientStatus)pair.Second))])))
                {
                    _violations.Add($"found twice: {line}");
                }
                break;
            case "E":
                Compare();
                return true;
            case "M":
                _carried = Long(parts[3]);
                Largest = Long(parts[1]) > Largest.Octets ? (Long(parts[1]), Long(parts[2])) : Largest;
                break;
            default:
                _violations.Add(line);
                break;
        }
        return false;
    }

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static (int First, int Second) Pair(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        return (int.Parse(text.AsSpan(0, dot), CultureInfo.InvariantCulture), int.Parse(text.AsSpan(dot + 1), CultureInfo.InvariantCulture));
    }

    private EntryLedger Entry(long number, int destination)
    {
        if (!_entries.TryGetValue((number, destination), out var entry))
        {
            _entries.Add((number, destination), entry = new());
        }
        return entry;
    }

    private void Compare()
    {
        // A mail that is there has been committed, whether or not anybody lived to say so.
        foreach (var (number, _) in _found.Keys)
        {
            _kept.Add(number);
        }
        foreach (var (key, found) in _found)
        {
            Compare(key, found);
        }
        foreach (var number in _kept)
        {
            var plan = MailPlan.Of(number);
            for (var destination = 0; destination < plan.Destinations.Length; destination++)
            {
                if (!_found.ContainsKey((number, destination)) && _ended.Add((number, destination)))
                {
                    CompareAbsent(plan, destination);
                }
            }
        }
        // What has ended is compared no more, save that it must not be found again.
        _kept.RemoveWhere(number => number < MailPlan.FirstReport && Enumerable.Range(0, MailPlan.Of(number).Destinations.Length).All(destination => _ended.Contains((number, destination))));
    }

    private void Compare((long Number, int Destination) key, FoundEntry found)
    {
        Compared++;
        var plan = MailPlan.Of(key.Number);
        var entry = Entry(key.Number, key.Destination);
        var what = $"{key.Number} destination {key.Destination}, found after {found.Outcomes} outcomes ({entry.Flushed} flushed, {entry.Told} told)";
        if (_ended.Contains(key))
        {
            _violations.Add($"{what}: it had ended and has come back");
            return;
        }
        if (found.Outcomes < entry.Flushed || found.Outcomes > entry.Told)
        {
            _violations.Add($"{what}: outcomes were undone, or were never told");
        }
        var states = plan.States(key.Destination, found.Outcomes);
        var there = found.Recipients.ToDictionary(static pair => pair.Recipient, static pair => pair.Status);
        for (var recipient = 0; recipient < states.Length; recipient++)
        {
            var status = states[recipient].Status;
            // A report ends its recipients, also where the outcome that it speaks of was lost with the worker.
            var isExpected = (status == RecipientStatus.Open || MailPlan.IsOwed(status)) && !IsReported(key, recipient);
            if (there.TryGetValue(recipient, out var foundStatus) != isExpected || (isExpected && foundStatus != status))
            {
                _violations.Add($"{what}: recipient {recipient} should be {(isExpected ? status : "closed")} ({status}, reported {IsReported(key, recipient)}) and is {(there.ContainsKey(recipient) ? foundStatus : "not there")}");
            }
        }
        if (there.ContainsValue(RecipientStatus.Open) && found.NextAttempt != plan.NextAttempt(found.Outcomes).UtcTicks)
        {
            _violations.Add($"{what}: due at {new DateTime(found.NextAttempt)}, not at {plan.NextAttempt(found.Outcomes)}");
        }
        if (found.DelayReported != ReportsOf(key, ReportKind.Delayed).Any())
        {
            _violations.Add($"{what}: whether the delay was reported is wrong: {found.DelayReported}");
        }
        if (found.Outcomes < entry.Told)
        {
            CameBack += plan.States(key.Destination, entry.Told).Count(state => state.Status == RecipientStatus.Delivered && state.Since >= found.Outcomes);
            OldestThatCameBack = Math.Max(OldestThatCameBack, _lastMoment - entry.ToldAt);
        }
        // What a start has found is durable.
        (entry.Flushed, entry.Told) = (found.Outcomes, found.Outcomes);
    }

    private void CompareAbsent(MailPlan plan, int destination)
    {
        var entry = Entry(plan.Number, destination);
        var states = plan.States(destination, entry.Told);
        for (var recipient = 0; recipient < states.Length; recipient++)
        {
            var status = states[recipient].Status;
            if ((status == RecipientStatus.Open || MailPlan.IsOwed(status)) && !IsReported((plan.Number, destination), recipient))
            {
                Lost++;
                if (Lost <= 20)
                {
                    _violations.Add($"{plan.Number} destination {destination} is lost: recipient {recipient} was {status} after {entry.Told} outcomes");
                }
                return;
            }
        }
    }

    private bool IsReported((long Number, int Destination) key, int recipient)
        => ReportsOf(key, ReportKind.Relayed).Concat(ReportsOf(key, ReportKind.Failed)).Any(report => _reports[report].Recipients.Contains(new(key.Destination, recipient)));

    /// <summary>The reports that have been committed: acknowledged, seen by anybody, or there.</summary>
    private IEnumerable<long> ReportsOf((long Number, int Destination) key, ReportKind kind) => _reportsOf.TryGetValue(key.Number, out var reports)
        ? reports.Where(report => _reports[report].Kind == kind && _kept.Contains(report) && _reports[report].Recipients.Exists(recipient => recipient.Destination == key.Destination))
        : [];

    private sealed class EntryLedger
    {
        public int Flushed { get; set; }

        public int Told { get; set; }

        public long ToldAt { get; set; }
    }

    private sealed record FoundEntry(int Outcomes, long NextAttempt, bool DelayReported, List<(int Recipient, RecipientStatus Status)> Recipients);
}
