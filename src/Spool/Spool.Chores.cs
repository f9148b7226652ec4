using System.Collections.Concurrent;

namespace MailCluster.Spool;

// What need not be done by the committer: files made ahead, sidecars, deletions, the look at the free space. One thread, in order.
public sealed partial class Spool
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<Action> _chores = [];
    private Thread? _choreThread;
    private ITimer? _ticker;

    private void Chore(Action chore) => TryChore(chore);

    /// <summary>False where the spool closes and nothing more is done.</summary>
    private bool TryChore(Action chore)
    {
        if (_chores.IsAddingCompleted)
        {
            return false;
        }
        _chores.Add(chore);
        return true;
    }

    private void StartChores()
    {
        _choreThread = new Thread(RunChores) { IsBackground = true, Name = "spool-chores" };
        _choreThread.Start();
        Chore(FirstChores);
        _ticker = Options.Time.CreateTimer(static state => ((Spool)state!).SetDue(), this, TickInterval, TickInterval);
    }

    private async Task StopChoresAsync()
    {
        if (_ticker is not null)
        {
            await _ticker.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var log in (ReadOnlySpan<SegmentLog>)[_incoming, _deferred])
        {
            if (TakePrepared(log) is { } prepared)
            {
                Chore(() => Discard(prepared));
            }
        }
        _chores.CompleteAdding();
        if (_choreThread is not null)
        {
            await Task.Run(_choreThread.Join).ConfigureAwait(false);
        }
    }

    private void RunChores()
    {
        foreach (var chore in _chores.GetConsumingEnumerable())
        {
            try
            {
                chore();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Each of them is repeated, or made good at the next start; what the disk cannot do shows in the commits.
                LastChoreFailure = failure;
            }
        }
    }

    private void SetDue()
    {
        lock (_gate)
        {
            _due = true;
            WakeCommitter();
        }
    }

    /// <summary>Why the last piece of work in the background failed.</summary>
    internal Exception? LastChoreFailure { get; private set; }

    private void FirstChores()
    {
        try
        {
            CopyFoundAside();
            RemoveUnused();
            MeasureRoom();
            foreach (var segment in _unfinished)
            {
                Finish(segment);
            }
            RemoveOrphans();
        }
        finally
        {
            // From here on a file that no message speaks of may be one that is being received.
            lock (_gate)
            {
                _hasRemovedOrphans = true;
            }
        }
    }

    private void RemoveUnused()
    {
        while (true)
        {
            string? path;
            lock (_gate)
            {
                path = _unused.FirstOrDefault();
            }
            if (path is null)
            {
                return;
            }
            Disk.Delete(path);
            lock (_gate)
            {
                _unused.Remove(path);
            }
        }
    }

    private Segment? TakePrepared(SegmentLog log)
    {
        lock (_gate)
        {
            // Making a second one beside it would only take longer.
            while (log.IsPreparing)
            {
                Monitor.Wait(_gate);
            }
            var prepared = log.Prepared;
            log.Prepared = null;
            return prepared;
        }
    }

    /// <summary>Has the log's next segment made, where that is not done.</summary>
    private void PrepareNext(SegmentLog log)
    {
        if (log.Prepared is not null || log.IsPreparing || _closing || _isLatched || _isFull)
        {
            return;
        }
        log.IsPreparing = true;
        Chore(() =>
        {
            try
            {
                var next = NewSegment(log, Options.SegmentSize, mayUseReserve: false);
                lock (_gate)
                {
                    if (!_closing)
                    {
                        log.Prepared = next;
                        return;
                    }
                }
                Discard(next);
            }
            finally
            {
                lock (_gate)
                {
                    log.IsPreparing = false;
                    Monitor.Pulse(_gate);
                }
            }
        });
        MeasureSoon();
    }
}
