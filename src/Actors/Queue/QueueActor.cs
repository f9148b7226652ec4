using Akka.Actor;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Sites;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>
/// One partition of the node's queue: carries out what <see cref="QueueState"/> decides. It is told of arrivals by the spool, of room and of ended jobs by site pools, of decisions by
/// delivery actors; it opens entries for an end without an attempt, and records every outcome.
/// </summary>
internal sealed class QueueActor : UntypedActor, IWithTimers
{
    private readonly QueueActorParts _parts;
    private readonly QueueState _state;
    private readonly QueueEffects _effects = new();
    private readonly FateRecorder _recorder;
    private DateTimeOffset? _wakesAt;

    public QueueActor(QueueActorParts parts)
    {
        _parts = parts;
        _state = new(parts.Node, new(parts.Retry), parts.Suspended, Math.Max(1, parts.Questions), Random.Shared.NextDouble, Context.System.Scheduler.Now);
        _recorder = new(parts.Spool, parts.Events, parts.Logger);
        if (!parts.Delivery.Enabled)
        {
            _state.Pause(Context.System.Scheduler.Now, _effects);
        }
    }

    /// <summary>Makes the actor.</summary>
    public static Props Props(QueueActorParts parts) => Akka.Actor.Props.Create(() => new QueueActor(parts));

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    protected override void OnReceive(object message)
    {
        var now = Context.System.Scheduler.Now;
        switch (message)
        {
            case QueueProtocol.Arrived arrived:
                _state.Arrive(arrived.Arrivals, now, _effects);
                break;
            case QueueProtocol.Want want:
                _state.Want(want, Sender, now, _effects);
                break;
            case QueueProtocol.Ended ended:
                foreach (var job in ended.Jobs)
                {
                    End(job, now);
                }
                _state.SettleEnded(now, _effects);
                break;
            case DeliveryProtocol.Decision decision:
                _parts.Facts.Keep(DeliveryActor.FactOf(decision.Domain), decision.Fact, now);
                _state.Decide(decision, now, _effects);
                break;
            case Wake:
                _wakesAt = null;
                _state.Elapse(now, _effects);
                break;
            case Opened opened:
                Record(opened.Number, opened.Delivery, now);
                break;
            case NotOpened failed:
                NotOpen(failed, now);
                break;
            case QueueProtocol.PoolGone gone:
                _state.PoolGone(gone.Site, now, _effects);
                break;
            case QueueProtocol.SuspensionsChanged changed:
                _state.Suspend(changed.Domains, now, _effects);
                break;
            case QueueProtocol.Pause:
                _state.Pause(now, _effects);
                break;
            case QueueProtocol.Resume when _parts.Delivery.Enabled:
                _state.Resume(now, _effects);
                break;
            case QueueProtocol.Resume:
                break;
            case QueueProtocol.LetGo:
                Sender.Tell(new QueueProtocol.LetGone(_state.LetGo(now, _effects)));
                break;
            case QueueProtocol.Inspect inspect:
                Sender.Tell(_state.Inspect(inspect));
                break;
            default:
                Unhandled(message);
                break;
        }
        CarryOut();
        SetAlarm(now);
    }

    /// <summary>A restarted queue actor would know nothing of the mail that the spool holds. So a bug here ends the node, and its restart finds all mail again.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        _recorder.TellFailed(reason);
        Context.System.Terminate();
    }

    private void End(JobEnded job, DateTimeOffset now)
    {
        try
        {
            if (_state.End(job, now, _effects) is { } recorded)
            {
                Write(recorded, job.Delivery!, job.Outcomes, now);
            }
        }
        finally
        {
            job.Delivery?.Dispose();
        }
    }

    private void Record(int number, SpooledDelivery delivery, DateTimeOffset now)
    {
        using (delivery)
        {
            if (_state.Opened(number, delivery, now, _effects) is { } recorded)
            {
                Write(recorded, delivery, [], now);
            }
        }
    }

    private void Write(in RecordedVerdict recorded, SpooledDelivery delivery, IReadOnlyList<AttemptOutcome> outcomes, DateTimeOffset now)
    {
        _recorder.Record(recorded, delivery, outcomes, _state.SiteOf(delivery.Envelope.Destinations[delivery.Destination].Domain), now);
        if (recorded.Verdict.ReportOwed)
        {
            _parts.Reports.Tell(new Reports.ReportProtocol.Owed(recorded.Entry));
        }
    }

    private void NotOpen(NotOpened failed, DateTimeOffset now)
    {
        if (failed.Exception is InvalidDataException)
        {
            _recorder.TellDamaged(failed.Entry, failed.Exception);
            _state.NotOpened(failed.Number, SpoolFault.Damaged, now, _effects);
        }
        else
        {
            _recorder.TellUnreadable(failed.Entry, failed.Exception);
            _state.NotOpened(failed.Number, SpoolFault.Unreadable, now, _effects);
        }
    }

    private void CarryOut()
    {
        foreach (var (pool, ready) in _effects.Ready)
        {
            ((IActorRef)pool).Tell(ready, Self);
        }
        foreach (var message in _effects.ForPools)
        {
            _parts.Pools.Tell(message, Self);
        }
        foreach (var report in _effects.Reports)
        {
            var fact = _parts.Facts.Find(DeliveryActor.FactOf(report.Domain), Context.System.Scheduler.Now);
            _parts.DeliveryActors.Tell(fact is null ? report : report with { Fact = fact }, Self);
        }
        foreach (var delayed in _effects.Delayed)
        {
            _parts.Reports.Tell(delayed, Self);
        }
        foreach (var owed in _effects.Owed)
        {
            _parts.Reports.Tell(owed, Self);
        }
        foreach (var (number, entry) in _effects.Open)
        {
            OpenAsync(number, entry).PipeTo(Self);
        }
        _effects.Clear();
    }

    private async Task<object> OpenAsync(int number, EntryRef entry)
    {
        try
        {
            return new Opened(number, await _parts.Spool.OpenAsync(entry, CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new NotOpened(number, entry, exception);
        }
    }

    /// <summary>One timer to the next event; moved only where that has come nearer, so that steady mail does not touch it.</summary>
    private void SetAlarm(DateTimeOffset now)
    {
        if (_state.NextEvent is { } next && (_wakesAt is null || next < _wakesAt))
        {
            _wakesAt = next;
            Timers.StartSingleTimer(Wake.Key, Wake.Instance, next > now ? next - now : TimeSpan.Zero);
        }
    }

    private sealed class Wake : INoSerializationVerificationNeeded
    {
        public const string Key = "wake";
        public static readonly Wake Instance = new();
    }

    private sealed record Opened(int Number, SpooledDelivery Delivery) : INoSerializationVerificationNeeded;

    private sealed record NotOpened(int Number, EntryRef Entry, Exception Exception) : INoSerializationVerificationNeeded;
}
