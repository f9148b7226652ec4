using System.Collections.Concurrent;
using System.Threading.Channels;
using MailCluster.Protocol.Content;

namespace MailCluster.Spool.CrashWorker;

/// <summary>
/// The worker under load: opens the spool, tells what it found, and then commits and delivers mail with <see cref="Producers"/> tasks until somebody kills it. When
/// draining it commits nothing but reports, brings all mail to its end, and closes the spool in order.
/// </summary>
internal sealed partial class Load : IDisposable
{
    private const int Producers = 50;

    private readonly Journal _journal = new();
    private readonly LoadOptions _options;
    private readonly UnsyncedDisk? _unsynced;
    private readonly Spool _spool;
    private readonly ConcurrentDictionary<QueueId, Mail> _mails = new();
    private readonly Channel<(Arrival Arrival, QueueId Id)> _arrived = Channel.CreateUnbounded<(Arrival, QueueId)>();
    private readonly ConcurrentQueue<Mail> _owing = new();
    private readonly Pool _deferred;
    private readonly Pool _longLived;
    private readonly Lock _toldLock = new();
    private List<(long Number, int Destination, int Outcomes)> _told = [];
    private long _next;
    private long _nextReport;
    private long _liveOctets;
    private int _acknowledged;

    private Load(LoadOptions options)
    {
        _options = options;
        _unsynced = options.IsUnsynced ? new UnsyncedDisk() : null;
        _deferred = new Pool(200);
        _longLived = new Pool(options.LongLived);
        _next = options.FirstNumber;
        _nextReport = MailPlan.FirstReport + options.FirstNumber;
        _spool = Spool.Open(options.SpoolOptions(_unsynced ?? new SpoolDisk()));
    }

    public static async Task RunAsync(LoadOptions options)
    {
        // Whoever started this holds the other end; when that process is gone, so is this one.
        _ = Task.Run(static () =>
        {
            using var input = Console.OpenStandardInput();
            _ = input.ReadByte();
            Environment.Exit(3);
        });
        using var load = new Load(options);
        try
        {
            await load.TellFoundAsync();
            if (options.IsDrained)
            {
                await load.DrainAsync();
                await load._spool.DisposeAsync();
                return;
            }
            await Task.WhenAll([load.FlushAsync(), load.MeasureAsync(), .. Enumerable.Range(0, Producers).Select(i => Task.Run(() => load.ProduceAsync(i)))]);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            load._journal.Violation(failure.ToString());
            throw;
        }
    }

    public void Dispose() => _journal.Dispose();

    private async Task ProduceAsync(int producer)
    {
        var random = new Random(unchecked((int)_options.FirstNumber + producer));
        while (true)
        {
            await CommitAsync(MailPlan.Of(Interlocked.Increment(ref _next)), null);
            // As much as comes in goes out again.
            for (var i = 0; i < 2 && _arrived.Reader.TryRead(out var arrived); i++)
            {
                await AttemptAsync(Known(arrived), random);
            }
            while (_deferred.TryTake(random, atLeast: true) is { } deferred)
            {
                await AttemptAsync(deferred, random);
            }
            while (_longLived.TryTake(random, atLeast: true) is { } old)
            {
                await AttemptAsync(old, random);
            }
            if (_owing.TryDequeue(out var owing))
            {
                await ReportAsync(owing);
            }
        }
    }

    private async Task CommitAsync(MailPlan plan, ReportOf? report)
    {
        using var writer = await _spool.BeginAsync(CancellationToken.None);
        var content = plan.Content();
        for (var done = 0; done < content.Length;)
        {
            var room = writer.GetMemory(1);
            var part = Math.Min(room.Length, content.Length - done);
            content.AsMemory(done, part).CopyTo(room);
            writer.Advance(part);
            done += part;
            await writer.DrainAsync(CancellationToken.None);
        }
        // Before the commit: the arrival comes before it returns.
        _mails[writer.Id] = new Mail(plan) { Id = writer.Id };
        Interlocked.Add(ref _liveOctets, plan.Size);
        await writer.CommitAsync(plan.Envelope(report), ContentTraits.HasLeadingDot);
        _journal.Acknowledged(plan.Number);
        if (Interlocked.Increment(ref _acknowledged) == LoadOptions.SyncedAtFirst && _unsynced is not null)
        {
            _unsynced.IsUnsynced = true;
        }
    }

    private void Take(IReadOnlyList<Arrival> arrivals)
    {
        foreach (var arrival in arrivals)
        {
            _arrived.Writer.TryWrite((arrival, _spool.IdOf(arrival.Entry)));
        }
    }

    private MailEntry Known((Arrival Arrival, QueueId Id) arrived)
    {
        var mail = _mails[arrived.Id];
        lock (mail)
        {
            var destination = MailPlan.DestinationOf(arrived.Arrival.Destination);
            return mail.Entries[destination] = new MailEntry(mail, destination, arrived.Arrival.Entry);
        }
    }

    /// <summary>One attempt of an entry: sometimes its content is read, then its outcome is recorded.</summary>
    private async Task AttemptAsync(MailEntry entry, Random random)
    {
        var (mail, plan) = (entry.Mail, entry.Mail.Plan);
        if (random.Next(8) == 0)
        {
            using var delivery = await _spool.OpenAsync(entry.Ref, CancellationToken.None);
            Check(await ReadAsync(delivery), delivery, mail, entry.Destination, entry.Outcomes);
        }
        lock (mail)
        {
            _journal.Telling(plan.Number, entry.Destination, entry.Outcomes + 1);
            if (plan.Outcome(entry.Ref, entry.Destination, entry.Outcomes) is { } outcome)
            {
                _spool.Record(outcome);
            }
            else
            {
                _spool.RecordDelivered(entry.Ref);
            }
            entry.Outcomes++;
        }
        lock (_toldLock)
        {
            _told.Add((plan.Number, entry.Destination, entry.Outcomes));
        }
        Sort(entry);
    }

    /// <summary>Where an entry goes on.</summary>
    private void Sort(MailEntry entry)
    {
        var (mail, plan) = (entry.Mail, entry.Mail.Plan);
        bool owes;
        lock (mail)
        {
            owes = entry.Owed(RecipientStatus.FailedReportOwed).Any() || entry.Owed(RecipientStatus.RelayedReportOwed).Any();
        }
        if (entry.IsOpen)
        {
            (plan.IsLongLived ? _longLived : _deferred).Add(entry);
        }
        else if (!owes)
        {
            End(entry);
        }
        if (owes || (entry.Outcomes == 2 && entry.IsOpen && plan.Number % 3 == 0))
        {
            _owing.Enqueue(mail);
        }
    }

    private void End(MailEntry entry)
    {
        lock (entry.Mail)
        {
            // One whose report is under way ends when that has been committed.
            if (entry.Mail.Entries.Remove(entry.Destination) && entry.Mail.Entries.Count == 0 && _mails.TryRemove(entry.Mail.Id, out _))
            {
                Interlocked.Add(ref _liveOctets, -entry.Mail.Plan.Size);
            }
        }
    }

    private async Task ReportAsync(Mail mail)
    {
        foreach (var (kind, status) in ReportsOwed)
        {
            List<ReportedRecipient> owed;
            lock (mail)
            {
                owed = [.. mail.Entries.Values.SelectMany(entry => entry.Owed(status))];
                mail.Reported.UnionWith(owed);
            }
            if (owed.Count > 0)
            {
                await CommitReportAsync(mail, new(kind, mail.Id, [.. owed]));
            }
        }
        MailEntry? late;
        List<ReportedRecipient> waiting = [];
        lock (mail)
        {
            late = mail.Entries.Values.FirstOrDefault(entry => entry.Outcomes == 2 && entry.IsOpen && mail.Plan.Number % 3 == 0);
            if (late is not null)
            {
                waiting = [.. late.Waiting];
            }
        }
        if (late is not null)
        {
            await CommitReportAsync(mail, new(ReportKind.Delayed, mail.Id, [.. waiting]));
        }
        List<MailEntry> ended;
        lock (mail)
        {
            ended = [.. mail.Entries.Values.Where(static entry => entry.Outcomes > 0 && !entry.IsOpen
                && !entry.Owed(RecipientStatus.FailedReportOwed).Any() && !entry.Owed(RecipientStatus.RelayedReportOwed).Any())];
        }
        ended.ForEach(End);
    }

    private static readonly (ReportKind, RecipientStatus)[] ReportsOwed =
        [(ReportKind.Failed, RecipientStatus.FailedReportOwed), (ReportKind.Relayed, RecipientStatus.RelayedReportOwed)];

    private async Task CommitReportAsync(Mail mail, ReportOf report)
    {
        var number = Interlocked.Increment(ref _nextReport);
        _journal.Reporting(number, report.Kind, mail.Plan.Number, report.Recipients);
        await CommitAsync(MailPlan.Of(number), report);
    }

    private async Task FlushAsync()
    {
        while (true)
        {
            List<(long, int, int)> told;
            lock (_toldLock)
            {
                (told, _told) = (_told, []);
            }
            await _spool.FlushAsync();
            _journal.Flushed(told);
            // Not at once again: most outcomes are to be written without anybody asking for it.
            await Task.Delay(5);
        }
    }

    private async Task MeasureAsync()
    {
        while (true)
        {
            var octets = 0L;
            foreach (var log in (ReadOnlySpan<string>)["incoming", "deferred"])
            {
                foreach (var file in new DirectoryInfo(Path.Combine(_options.Directory, log)).EnumerateFiles("*.seg"))
                {
                    octets += file.Exists ? file.Length : 0;
                }
            }
            _journal.Measured(octets, Volatile.Read(ref _liveOctets), _spool.CarriedOctets);
            await Task.Delay(200);
        }
    }
}
