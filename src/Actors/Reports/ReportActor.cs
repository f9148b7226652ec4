using Akka.Actor;
using MailCluster.Spool;

namespace MailCluster.Actors.Reports;

/// <summary>
/// The report actor of a node: carries out what <see cref="ReportState"/> decides. The writing itself (<see cref="ReportWriter"/>) runs beside it, a bounded number
/// at a time. What is owed stays owed on disk until its report is committed, so nothing is lost with the actor: after a restart it is told anew.
/// </summary>
public sealed class ReportActor : UntypedActor, IWithTimers
{
    private readonly ReportState _state = new();
    private readonly ReportWriter _writer;
    private readonly Spool.Spool _spool;
    private DateTimeOffset? _wakesAt;
    private IActorRef? _letsGoFor;

    /// <summary>Made through <see cref="Props"/>.</summary>
    public ReportActor(ReportActorParts parts)
    {
        _spool = parts.Spool;
        _writer = new(parts);
    }

    /// <summary>Makes the actor.</summary>
    public static Props Props(ReportActorParts parts) => Akka.Actor.Props.Create(() => new ReportActor(parts));

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        var now = Context.System.Scheduler.Now;
        switch (message)
        {
            case ReportProtocol.Owed owed when IdOf(owed.Entry) is { } id:
                _state.Owe(id, owed.Entry, now);
                break;
            case ReportProtocol.Delayed delayed when IdOf(delayed.Entry) is { } id:
                _state.Delay(id, delayed.Entry, delayed.Until, now);
                break;
            case ReportProtocol.Owed or ReportProtocol.Delayed:
                break;      // ended meanwhile: told twice, or removed
            case ReportProtocol.LetGo:
                _letsGoFor = Sender;
                break;
            case Wake:
                _wakesAt = null;
                break;
            case Written written:
                _state.Written(written.Report, now);
                break;
            case Failed failed:
                var wait = _state.PutOff(failed.Report, failed.Cause is IOException or ObjectDisposedException, now);
                _writer.TellPutOff(failed.Report.Id, failed.Cause, wait);
                break;
            default:
                Unhandled(message);
                return;
        }
        if (_letsGoFor is not null)
        {
            if (_state.UnderWay == 0)
            {
                _letsGoFor.Tell(new ReportProtocol.LetGone());
            }
            return;
        }
        Begin(now);
        WakeAgain(now);
    }

    /// <summary>A full spool takes reports, for each frees the message that it reports; but one by one. A failing one takes none.</summary>
    private int Limit => _spool.Admission switch
    {
        SpoolAdmission.Open => ReportState.Concurrency,
        SpoolAdmission.Full => 1,
        _ => 0,
    };

    private void Begin(DateTimeOffset now)
    {
        while (_state.Begin(Limit, now) is { } report)
        {
            // Not cancelled by the actor's end: what is half written when the spool closes stays owed.
            Task.Run(() => _writer.WriteAsync(report, now, CancellationToken.None)).PipeTo(Self, success: () => new Written(report), failure: cause => new Failed(report, cause));
        }
    }

    private void WakeAgain(DateTimeOffset now)
    {
        // One that is due and may not begin yet waits for the end of another, or for the spool's health.
        if (_state.NextAt is not { } next || next <= now && _state.UnderWay > 0)
        {
            return;
        }
        next = next > now ? next : now + ReportState.FirstRetry;
        if (_wakesAt is null || next < _wakesAt)
        {
            _wakesAt = next;
            Timers.StartSingleTimer("wake", Wake.Instance, next - now);
        }
    }

    private QueueId? IdOf(EntryRef entry)
    {
        try
        {
            return _spool.IdOf(entry);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private sealed class Wake
    {
        public static readonly Wake Instance = new();
    }

    private sealed record Written(GatheredReport Report) : INoSerializationVerificationNeeded;

    private sealed record Failed(GatheredReport Report, Exception Cause) : INoSerializationVerificationNeeded;
}
