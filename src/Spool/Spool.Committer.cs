namespace MailCluster.Spool;

// Who makes things durable: one thread. While its sync runs, the next batch gathers by itself; no timer stands in the way of a commit.
public sealed partial class Spool
{
    private const long BatchLimit = 4 << 20;

    private static readonly TimeSpan OutcomeDelay = TimeSpan.FromMilliseconds(5);

    private readonly Batch _incomingBatch;
    private readonly Batch _deferredBatch;
    private readonly Queue<SpoolWriter> _intake = new();
    private readonly List<Arrival> _arrivals = [];
    private List<SpoolWriter> _waiting = [];
    private List<SpoolWriter> _taken = [];
    private readonly List<(long Order, TaskCompletionSource Done)> _flushes = [];
    private Action<IReadOnlyList<Arrival>>? _deliver;
    private Thread? _committer;
    private bool _parked;
    private bool _idle;
    private bool _due;

    /// <summary>Starts the committer. <paramref name="arrivals"/> gets first all that was found at start, in parts, then each batch as it is committed: after it is durable, before the
    /// writers are woken. It runs on the committer's thread: it must be short, must not block or throw, and the list is only its own during the call.</summary>
    public void Start(Action<IReadOnlyList<Arrival>> arrivals)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        lock (_gate)
        {
            if (_committer is not null)
            {
                throw new InvalidOperationException("The spool has been started.");
            }
            _deliver = arrivals;
            _committer = new Thread(RunCommitter) { IsBackground = true, Name = "spool-committer" };
        }
        StartChores();
        _committer.Start();
    }

    /// <summary>Returns when all outcomes recorded before the call are durable.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _flushes.Add((_order, done));
            WakeCommitter();
        }
        return done.Task;
    }

    /// <summary>Flushes and closes. Writers still open are aborted.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }
            _closing = true;
            WakeCommitter();
        }
        if (_committer is { } committer)
        {
            await Task.Run(committer.Join).ConfigureAwait(false);
        }
        await StopChoresAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _closed = true;
            foreach (var (_, done) in _flushes)
            {
                done.SetException(new IOException("The spool was closed before its outcomes could be written."));
            }
            _flushes.Clear();
        }
        foreach (var segment in _segments.Values)
        {
            segment.Release();
        }
        _lock.Dispose();
    }

    internal void Enqueue(SpoolWriter writer)
    {
        lock (_gate)
        {
            if (!_closing)
            {
                _waiting.Add(writer);
                WakeCommitter();
                return;
            }
        }
        writer.Fail(new IOException("The spool is closed."));
    }

    private void Tell(int entry, EntryOutcome? outcome)
    {
        lock (_gate)
        {
            ref var slot = ref Entry(entry);
            slot.Pending++;
            _told.Add(new(entry, outcome, null, ++_order));
            if (_idle)
            {
                WakeCommitter();
            }
        }
    }

    private void WakeCommitter()
    {
        if (_parked)
        {
            _parked = _idle = false;
            Monitor.Pulse(_gate);
        }
    }

    private void RunCommitter()
    {
        DeliverFound();
        while (TakeWork())
        {
            if (_isLatched)
            {
                RefuseIntake(new IOException("The disk of the spool does not take writes."));
                RefuseMarks(new IOException("The disk of the spool does not take writes."));
                DecideFailed(mayWrite: false);
            }
            else
            {
                PassOverMarks();
                if (_deferred.HasLooseEnd)
                {
                    FixLooseEnd();
                }
                if (!_deferred.HasLooseEnd)
                {
                    CommitLog(_incomingBatch);
                }
                CommitLog(_deferredBatch);
                DecideFailed(mayWrite: true);
            }
            AfterCommits();
        }
        RefuseMarks(new IOException("The spool is closed."));
        DecideFailed(!_isLatched && !_isStuck);
        RefuseUndecided();
        Seal(_incoming);
        Seal(_deferred);
    }

    /// <summary>Waits for something to do, and takes it. False once all is done and the spool closes.</summary>
    private bool TakeWork()
    {
        lock (_gate)
        {
            var waited = false;
            while (true)
            {
                var outcomes = _told.Count > 0 || (_outcomes.Count + _marks.Count + _undecided.Count > 0 && !_isStuck && !_isLatched);
                if (_waiting.Count > 0 || _toldMarks.Count > 0 || _intake.Count > 0 || _due || _closing || _isCarriedRead || (_carriedReady.Count > 0 && !_isLatched) || _flushes.Count > 0 && outcomes || outcomes && waited)
                {
                    break;
                }
                _parked = true;
                if (outcomes)
                {
                    waited = true;
                    Monitor.Wait(_gate, OutcomeDelay);
                }
                else
                {
                    CompleteFlushes();
                    _idle = true;
                    Monitor.Wait(_gate);
                }
                _parked = _idle = false;
            }
            (_waiting, _taken) = (_taken, _waiting);
            TakeCarried();
            TakeMarks();
            _outcomes.AddRange(_told);
            _told.Clear();
            if (_due)
            {
                _isStuck = false;
            }
        }
        foreach (var writer in _taken)
        {
            _intake.Enqueue(writer);
        }
        _taken.Clear();
        return !_closing || _intake.Count > 0 || (_outcomes.Count + _marks.Count > 0 && !_isStuck && !_isLatched);
    }

    private void AfterCommits()
    {
        lock (_gate)
        {
            CompleteFlushes();
        }
        if (_due)
        {
            Tick();
        }
        if (_hasSealed && !_isLatched)
        {
            _hasSealed = false;
            FindToCarry();
        }
        Carry();
        DropFront();
        PrepareNext(_incoming);
    }

    private void CompleteFlushes()
    {
        if (_flushes.Count == 0)
        {
            return;
        }
        var pending = _told.Count > 0 ? _told[0].Order : long.MaxValue;
        foreach (var outcome in _outcomes)
        {
            pending = Math.Min(pending, outcome.Order);
        }
        for (var i = _flushes.Count - 1; i >= 0; i--)
        {
            if (_flushes[i].Order < pending)
            {
                _flushes[i].Done.SetResult();
                _flushes.RemoveAt(i);
            }
        }
    }

    private void RefuseIntake(Exception cause)
    {
        while (_intake.TryDequeue(out var writer))
        {
            writer.Fail(cause);
        }
    }

    /// <summary>Writes, syncs and applies one batch of a log: messages (incoming), outcomes, carried copies (deferred).</summary>
    private void CommitLog(Batch batch)
    {
        var first = FirstLength(batch.Log);
        if (first < 0)
        {
            return;
        }
        if (_speaksHandover && batch.Log.Active is { End: > 0, Version: SegmentHeader.Version })
        {
            // What is written from now on must not be read by a program that does not know it.
            Seal(batch.Log);
        }
        try
        {
            Begin(batch, first, mayUseReserve: batch.Log.Kind == LogKind.Deferred || _intake.Count == 0);
        }
        catch (IOException failure)
        {
            NoSegment(batch.Log, failure);
            return;
        }
        if (batch.Log.Kind == LogKind.Incoming)
        {
            ComposeMessages(batch);
        }
        ComposeOutcomes(batch);
        ComposeMarks(batch);
        ComposeProbe(batch);
        if (batch.Log.Kind == LogKind.Deferred)
        {
            ComposeCarried(batch);
        }
        if (batch.IsEmpty)
        {
            return;
        }
        if (batch.OutcomeBytes.Length > 0)
        {
            batch.Vectors.Add(batch.OutcomeBytes.Memory);
        }
        batch.Vectors.AddRange(batch.CarriedVectors);
        try
        {
            Disk.Write(batch.Segment!.File, batch.Vectors, batch.Offset);
            Disk.Sync(batch.Segment.File);
        }
        catch (IOException failure)
        {
            Fail(batch, failure);
            return;
        }
        Apply(batch);
    }

    /// <summary>Octets of the first record that waits for a log; -1 where none does.</summary>
    private long FirstLength(SegmentLog log)
    {
        if (log.Kind == LogKind.Incoming && _intake.TryPeek(out var writer))
        {
            return writer.RecordLength;
        }
        foreach (var outcome in _outcomes)
        {
            if (GoesTo(log, outcome))
            {
                return OutcomeRoom(outcome);
            }
        }
        if (FirstMark(log) is > 0 and var mark)
        {
            return mark;
        }
        if (log.Kind == LogKind.Deferred && _carriedReady.TryPeek(out var carried))
        {
            return carried.Head is null ? carried.Record.Length + 4096 : RecordHeader.Total(carried.Head.Length + carried.Content.Length);
        }
        return _probing == log ? RecordHeader.Size : -1;
    }

    private void ComposeMessages(Batch batch)
    {
        while (_intake.TryPeek(out var writer) && writer.RecordLength <= batch.Room && (batch.IsFirst || batch.Length + writer.RecordLength <= BatchLimit))
        {
            _intake.Dequeue();
            if (writer.IsReport && IsMarked(writer.Envelope!.Report!.Id))
            {
                // What it reports may be with the receiver already, who then owes the report.
                writer.Fail(new IOException("The message that is reported is being handed over."));
                continue;
            }
            var flags = batch.Next(writer.RecordLength, out var offset) | writer.RecordFlags;
            var head = writer.Head!;
            var payload = head.Length - RecordHeader.Size;
            var length = payload + (writer.IsLarge ? 0 : writer.ContentLength);
            var header = new RecordHeader(
                writer.Type, flags, writer.Id, (uint)length, (uint)payload, Crc32C.Of(head.Span[RecordHeader.Size..]), batch.Segment!.Number, ++_sequence, 0);
            header.Write(head.Span, _format.Seed(batch.Segment.Number));
            batch.Vectors.Add(head.Memory);
            if (!writer.IsLarge)
            {
                for (var block = writer.Content.First; block is not null; block = block.Following)
                {
                    if (block.Used > 0)
                    {
                        batch.Vectors.Add(block.Array.AsMemory(0, block.Used));
                    }
                }
            }
            Batch.Pad(batch.Vectors, RecordHeader.Size + length);
            batch.Writers.Add((writer, header, offset));
            if (writer.IsReport && writer.Envelope!.Report is { } report)
            {
                AddEffects(report, writer.Id.Number, holds: null);
            }
        }
    }
}
