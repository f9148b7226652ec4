using MailCluster.Spool;

namespace MailCluster.Actors.Reports;

/// <summary>
/// When which report is written. What is told of one message gathers until nothing came for <see cref="Quiet"/>, at most for <see cref="Longest"/>; one report
/// of a message is written at a time, and few in all. What cannot be written stays, and waits longer each time; while the spool takes nothing,
/// nothing is tried. Holds about 200 octets for each message, however many recipients it has.
/// </summary>
/// <remarks>
/// <code>
/// gathering ── due ──► under way ── written ──► gone, or gathering if more was told meanwhile
///     ▲                    │
///     └──── put off ───────┘
/// </code>
/// </remarks>
internal sealed class ReportState
{
    /// <summary>So long after the last word on a message its report is due.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    /// <summary>So long after the first word it is due whatever comes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>The first wait after a failure; each further one is twice as long.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait after a failure.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>Reports under way at a time: a storm of bounces must leave the disk to the mail.</summary>
    public const int Concurrency = 8;

    private readonly Dictionary<QueueId, Gathering> _messages = [];
    private readonly PriorityQueue<QueueId, DateTimeOffset> _due = new();
    private DateTimeOffset _pausedUntil;
    private int _failures;

    /// <summary>Messages whose report is owed, under way included.</summary>
    public int Count => _messages.Count;

    /// <summary>Reports under way.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Notes that a report is owed for recipients of an entry.</summary>
    public void Owe(QueueId id, EntryRef entry, DateTimeOffset now) => Note(id, now).Owe(entry);

    /// <summary>Notes that an entry is late.</summary>
    public void Delay(QueueId id, EntryRef entry, DateTimeOffset until, DateTimeOffset now) => (Note(id, now).Delayed ??= [])[entry] = until;

    /// <summary>Begins the next report that is due, if one may begin.</summary>
    /// <param name="limit">How many may be under way, <see cref="Concurrency"/> at most.</param>
    /// <param name="now">The time.</param>
    public GatheredReport? Begin(int limit, DateTimeOffset now)
    {
        while (UnderWay < Math.Min(limit, Concurrency) && now >= _pausedUntil && _due.TryPeek(out var id, out var due) && due <= now)
        {
            _due.Dequeue();
            var message = _messages[id];
            if (message.Due > now)
            {
                _due.Enqueue(id, message.Due);      // more was told since
                continue;
            }
            UnderWay++;
            return message.Take(id);
        }
        return null;
    }

    /// <summary>Notes that a report is written, or that there was nothing to write.</summary>
    public void Written(GatheredReport report, DateTimeOffset now)
    {
        UnderWay--;
        (_failures, _pausedUntil) = (0, now);
        var message = _messages[report.Id];
        if (message.IsEmpty)
        {
            _messages.Remove(report.Id);
            return;
        }
        message.Failures = 0;
        _due.Enqueue(report.Id, message.Due);
    }

    /// <summary>Notes that a report could not be written: it is tried again later.</summary>
    /// <param name="report">The report.</param>
    /// <param name="isSpool">True where the spool was the cause: then all wait.</param>
    /// <param name="now">The time.</param>
    /// <returns>How long.</returns>
    public TimeSpan PutOff(GatheredReport report, bool isSpool, DateTimeOffset now)
    {
        UnderWay--;
        var message = _messages[report.Id];
        foreach (var entry in report.Owed)
        {
            message.Owe(entry);
        }
        foreach (var (entry, until) in report.Delayed)
        {
            (message.Delayed ??= [])[entry] = until;
        }
        var wait = Wait(++message.Failures);
        message.Due = now + wait;
        _due.Enqueue(report.Id, message.Due);
        if (isSpool && now >= _pausedUntil)
        {
            // One failure of the disk is one, however many reports met it.
            _pausedUntil = now + Wait(++_failures);
        }
        return wait;
    }

    /// <summary>When <see cref="Begin"/> should be called next; null while that is not before something ends or is told.</summary>
    public DateTimeOffset? NextAt => UnderWay < Concurrency && _due.TryPeek(out _, out var due) ? due > _pausedUntil ? due : _pausedUntil : null;

    private static TimeSpan Wait(int failures)
    {
        var wait = FirstRetry * Math.Pow(2, Math.Min(failures, 20) - 1);
        return wait < LongestRetry ? wait : LongestRetry;
    }

    private Gathering Note(QueueId id, DateTimeOffset now)
    {
        if (!_messages.TryGetValue(id, out var message))
        {
            _messages[id] = message = new() { First = now, Due = now + Quiet };
            _due.Enqueue(id, message.Due);
            return message;
        }
        if (message.IsEmpty)
        {
            message.First = now;        // the report under way has all that was told before
        }
        var due = now + Quiet < message.First + Longest ? now + Quiet : message.First + Longest;
        message.Due = due > message.Due ? due : message.Due;
        return message;
    }

    private sealed class Gathering
    {
        public Dictionary<EntryRef, DateTimeOffset>? Delayed;
        public DateTimeOffset First;
        public DateTimeOffset Due;
        public int Failures;

        // Nearly all messages have one destination: a set is made for those that have more.
        private HashSet<EntryRef>? _owed;
        private EntryRef _only;
        private bool _owes;

        public bool IsEmpty => !_owes && Delayed is null;

        public void Owe(EntryRef entry)
        {
            if (!_owes)
            {
                (_only, _owes) = (entry, true);
            }
            else if (_owed is not null || entry != _only)
            {
                (_owed ??= [_only]).Add(entry);
            }
        }

        public GatheredReport Take(QueueId id)
        {
            var report = new GatheredReport(id, !_owes ? [] : _owed is null ? [_only] : [.. _owed], Delayed ?? []);
            (_owed, _owes, Delayed) = (null, false, null);
            return report;
        }
    }
}
