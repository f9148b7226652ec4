using MailCluster.Actors.Handover;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Http;
using MailCluster.Node.Smtp;
using MailCluster.Spool;

namespace MailCluster.Node.Hosting;

/// <summary>
/// The node's life. Start: HTTP answers (by the host, before this); spool open; cluster joined; queue and delivery running; listeners. Stop: the same
/// backwards, all of it before the host ends the actor system.
/// </summary>
internal sealed partial class NodeLifecycle : IHostedLifecycleService, IDisposable
{
    /// <summary>For what is bounded by itself: closing listeners and files.</summary>
    private static readonly TimeSpan ClosingLimit = TimeSpan.FromSeconds(15);

    private readonly NodeOptions _options;
    private readonly NodeReadiness _readiness;
    private readonly NodeWork _work;
    private readonly SmtpServer _smtp;
    private readonly BoundPorts _ports;
    private readonly Formation _formation;
    private readonly ClusterWatch _watch;
    private readonly FinalLeave _leave;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<NodeLifecycle> _logger;
    private readonly ShutdownSequence _shutdown;
    private Spool.Spool? _spool;

    public NodeLifecycle(NodeOptions options, NodeReadiness readiness, NodeWork work, SmtpServer smtp, BoundPorts ports, Formation formation, ClusterWatch watch, FinalLeave leave, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<NodeLifecycle> logger)
    {
        (_options, _readiness, _work, _smtp, _ports, _formation, _watch, _leave, _lifetime, _logger) = (options, readiness, work, smtp, ports, formation, watch, leave, lifetime, logger);
        _shutdown = new(Steps(), time, logger);
    }

    /// <summary>How long stopping may take in all.</summary>
    public TimeSpan ShutdownLimit => _shutdown.Limit + TimeSpan.FromSeconds(30);

    /// <summary>Why the node ended by itself, to be started again; null where it did not.</summary>
    public string? LostReason { get; private set; }

    /// <summary>Stops without the delay.</summary>
    public void Hasten() => _shutdown.Hasten();

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The first step, before there is an actor system: a spool that cannot be opened leaves nothing else to undo.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _spool = OpenSpool();
        _spool.AdmissionChanged += Admission;
        Admission(_spool.Admission);
        _readiness.Spool = true;

        // A node that waits for others may wait for long: until then clients are told so, 421 4.3.2, rather than refused without a word.
        if (!_options.Cluster.IsAlone) await ListenAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        await _formation.JoinAsync(cancellationToken);
        _work.Start();
        _watch.Start();
        _ = EndWhenLostAsync();
        await _watch.InTouch.WaitAsync(cancellationToken);
        if (_options.Cluster.IsAlone) await ListenAsync(cancellationToken);
        Ready(string.Join(", ", _options.Listeners.Select(listener => $"{listener.Name} on {_ports.Actual(listener.Bind)}")),
            _ports.Actual(_options.Http.Bind).ToString()!, _spool!.OpenRecipients, (long)TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (_spool is null) return;
        Stopping();
        await _shutdown.RunAsync();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Stopped();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shutdown.Dispose();
        _smtp.Dispose();
    }

    private ShutdownStep[] Steps() =>
    [
        new("not ready any more", ClosingLimit, _ =>
        {
            _readiness.Stopping = true;
            _leave.Begin();
            _work.EndReceiving();
            return _watch.StopAsync();
        }),
        new("still accepting, until load balancers have noticed", _options.Shutdown.Delay, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation), Waits: true),
        new("sessions", _options.Shutdown.Deliveries, _work.EndSessionsAsync),
        new("listeners", ClosingLimit, _smtp.StopAsync),
        new("deliveries", _options.Shutdown.Deliveries, _work.EndDeliveriesAsync),
        new("handover", _leave.IsAlone ? TimeSpan.Zero : _options.Shutdown.Handover + FinalLeave.AnswerLimit, HandOverAsync),
        new("internal listener", ClosingLimit, _ => _work.EndHandoverAsync()),
        new("spool", ClosingLimit, async _ => await _spool!.DisposeAsync()),
        new("event log", ClosingLimit, _ => _work.CloseEventLogAsync()),
    ];

    /// <summary>A node that comes back keeps its mail on its disk; one that does not gives it away.</summary>
    private async Task HandOverAsync(CancellationToken cancellation)
    {
        if (_leave.IsAlone) return;
        if (LostReason is not null)
        {
            KeepsMail("this node is to join its cluster anew", _spool!.OpenRecipients);
            return;
        }

        switch (await _leave.WishAsync())
        {
            case HandoverWish.Yes yes:
                if (await _work.HandOverAsync(yes, _options.Shutdown.Handover, cancellation) is null) CannotHandOver(yes.Reason, _spool!.OpenRecipients, _options.Spool.Directory);
                break;
            case HandoverWish.No no:
                KeepsMail(no.Reason, _spool!.OpenRecipients);
                break;
        }
    }

    /// <summary>A node that is lost to its cluster stops in order, without the wait for load balancers: it takes no mail already.</summary>
    private async Task EndWhenLostAsync()
    {
        LostReason = await _watch.Lost;
        Lost(LostReason);
        Hasten();
        _lifetime.StopApplication();
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await _smtp.StartAsync(cancellation);
        _readiness.Listeners = true;
    }

    private Spool.Spool OpenSpool()
    {
        try
        {
            return _work.OpenSpool();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new StartFailedException($"spool {_options.Spool.Directory}: {e.Message}", e);
        }
    }

    private void Admission(SpoolAdmission admission)
    {
        var closed = admission switch
        {
            SpoolAdmission.Open => null,
            SpoolAdmission.Full => "the disk is down to its reserve",
            _ => "writes fail",
        };
        if (closed == _readiness.SpoolClosed) return;
        _readiness.SpoolClosed = closed;
        if (closed is null) TakesMail();
        else TakesNoMail(closed);
    }

    [LoggerMessage(10, LogLevel.Information, "ready: {Listeners}; health on {Http}; {Recipients} recipients in the queue; {Milliseconds} ms")]
    private partial void Ready(string listeners, string http, long recipients, long milliseconds);

    [LoggerMessage(11, LogLevel.Information, "stopping; another signal skips the wait for load balancers")]
    private partial void Stopping();

    [LoggerMessage(12, LogLevel.Information, "stopped")]
    private partial void Stopped();

    [LoggerMessage(15, LogLevel.Error, "stops, to be started again and join anew: {Reason}")]
    private partial void Lost(string reason);

    [LoggerMessage(16, LogLevel.Information, "no handover: {Reason}; {Recipients} recipients wait on the disk for this node's return")]
    private partial void KeepsMail(string reason, long recipients);

    [LoggerMessage(17, LogLevel.Error, "no handover, though this node is to leave ({Reason}): it never joined the cluster; {Recipients} recipients stay in {Directory}")]
    private partial void CannotHandOver(string reason, long recipients, string directory);

    [LoggerMessage(13, LogLevel.Warning, "no new mail is taken: {Reason}")]
    private partial void TakesNoMail(string reason);

    [LoggerMessage(14, LogLevel.Information, "new mail is taken again")]
    private partial void TakesMail();
}
