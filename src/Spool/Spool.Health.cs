using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// Whether new mail is taken: the room on the disk, and whether it takes writes.
public sealed partial class Spool
{
    private const int ReserveSegments = 2;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(30);

    private int _failures;
    private int _goodProbes;
    private bool _hasNoRoom;
    private bool _isFull;
    private bool _isLatched;
    private SegmentLog? _probing;
    private long _lastProbe;
    private volatile SpoolAdmission _admission;

    /// <summary>Whether new mail is taken. Cheap: read it at every MAIL.</summary>
    public SpoolAdmission Admission => _admission;

    /// <summary>Raised on a thread of its own when <see cref="Admission"/> changes.</summary>
    public event Action<SpoolAdmission>? AdmissionChanged;

    /// <summary>Why the last write failed; null where none did.</summary>
    public IOException? LastFailure { get; private set; }

    /// <summary>A write or a sync failed. Twice in a row, and nothing is taken any more until probes succeed; a full disk is not a failing one.</summary>
    private void Failed(IOException failure)
    {
        LastFailure = failure;
        _goodProbes = 0;
        if (failure is DiskFullException)
        {
            _hasNoRoom = true;
            _isFull = true;
        }
        else if (++_failures >= 2 && !_isLatched)
        {
            _isLatched = true;
            _lastProbe = Options.Time.GetTimestamp();
        }
        Admit();
    }

    private void Succeeded(Batch batch)
    {
        _failures = 0;
        if (_isLatched && batch.IsProbe && batch.Log == _incoming && ++_goodProbes >= 2)
        {
            _isLatched = false;
            Admit();
        }
    }

    /// <summary>No segment could be had: what waits for that log cannot be written now.</summary>
    private void NoSegment(SegmentLog log, IOException failure)
    {
        if (log.Kind == LogKind.Incoming && _intake.Count > 0)
        {
            // Outcomes may have the reserve; mail may not.
            RefuseIntake(failure);
        }
        else
        {
            _isStuck = true;
        }
        RefuseMarks(failure);
        DropCarried();
        Failed(failure);
    }

    /// <summary>What is looked at every second.</summary>
    private void Tick()
    {
        lock (_gate)
        {
            _due = false;
        }
        Chore(MeasureRoom);
        if (_unused.Count > 0)
        {
            Chore(RemoveUnused);
        }
        if (_dropping.Count > 0)
        {
            Chore(DropQueued);
        }
        if (_isLatched && Options.Time.GetElapsedTime(_lastProbe) >= ProbeInterval)
        {
            _lastProbe = Options.Time.GetTimestamp();
            Probe();
        }
        if (!_isLatched)
        {
            ConsiderCarrying();
        }
    }

    /// <summary>Tries a write in a new segment. What waits to be recorded goes with it.</summary>
    private void Probe()
    {
        if (_deferred.HasLooseEnd)
        {
            Seal(_deferred);
            Probe(_deferredBatch);
        }
        if (!_deferred.HasLooseEnd)
        {
            Seal(_incoming);
            Probe(_incomingBatch);
        }
    }

    private void Probe(Batch batch)
    {
        _probing = batch.Log;
        CommitLog(batch);
        _probing = null;
    }

    /// <summary>
    /// A write to the deferred log failed, and copies in it may have survived all the same. Before an outcome of such a message is written beside its
    /// older copy, a new segment must say that they do not count: else the copy would come back once that outcome is dropped.
    /// </summary>
    private void FixLooseEnd()
    {
        Probe(_deferredBatch);
        if (_deferred.HasLooseEnd)
        {
            RefuseIntake(LastFailure ?? new IOException("The deferred log cannot be written."));
        }
    }

    private void ComposeProbe(Batch batch)
    {
        if (_probing != batch.Log)
        {
            return;
        }
        var bytes = batch.OutcomeBytes;
        var start = bytes.Length;
        bytes.Reserve(RecordHeader.Size);
        var flags = batch.Next(RecordHeader.Size, out _);
        new RecordHeader(RecordType.Probe, flags, new QueueId(Id, 0), 0, 0, Crc32C.Of([]), batch.Segment!.Number, ++_sequence, 0)
            .Write(bytes.Span[start..], _format.Seed(batch.Segment.Number));
        batch.IsProbe = true;
    }

    private int _isMeasuring;

    /// <summary>Looks at the room now and not with the next tick: much may come in within a second. Once, however many ask meanwhile.</summary>
    private void MeasureSoon()
    {
        if (Interlocked.Exchange(ref _isMeasuring, 1) == 0)
        {
            Chore(() =>
            {
                Volatile.Write(ref _isMeasuring, 0);
                MeasureRoom();
            });
        }
    }

    private void MeasureRoom()
    {
        var (octets, inodes) = Disk.Free(_layout.Directory);
        if (_hasNoRoom && octets >= 2 * Options.SegmentSize)
        {
            _hasNoRoom = false;
        }
        // The reserve first: only what is left after it is for new mail.
        if (!FillReserve(octets))
        {
            _hasNoRoom = true;
        }
        var margin = _isFull ? Options.MinimumFree / 8 : 0;
        _isFull = _hasNoRoom || octets < Options.MinimumFree + margin || inodes < Options.MinimumFreeInodes;
        Admit();
    }

    private void Admit()
    {
        lock (_reserveLock)
        {
            var admission = _isLatched ? SpoolAdmission.Unhealthy : _isFull ? SpoolAdmission.Full : SpoolAdmission.Open;
            if (admission == _admission)
            {
                return;
            }
            _admission = admission;
            if (AdmissionChanged is { } changed)
            {
                new Thread(() => changed(admission)) { IsBackground = true, Name = "spool-admission" }.Start();
            }
        }
    }

    private readonly Lock _reserveLock = new();

    private string ReservePath(int number) => Path.Combine(_layout.Reserve, $"{number}.seg");

    /// <summary>Makes what is missing of the reserve; false where there is no room for it.</summary>
    private bool FillReserve(long octets)
    {
        for (var i = 0; i < ReserveSegments; i++)
        {
            var path = ReservePath(i);
            lock (_reserveLock)
            {
                if (File.Exists(path) && new FileInfo(path).Length >= Options.SegmentSize)
                {
                    continue;
                }
                if (octets < Options.SegmentSize)
                {
                    return false;
                }
                Disk.Delete(path);
                try
                {
                    using var file = Disk.Create(path);
                    Disk.Preallocate(file, Options.SegmentSize);
                    Disk.Sync(file);
                    octets -= Options.SegmentSize;
                }
                catch (IOException failure)
                {
                    Disk.Delete(path);
                    if (failure is DiskFullException)
                    {
                        // Inodes may be what is missing.
                        return false;
                    }
                    throw;
                }
            }
        }
        return true;
    }

    /// <summary>Makes a segment of the reserve the file <paramref name="path"/>; null where nothing is left of it.</summary>
    private SafeFileHandle? TakeReserve(string path, long size)
    {
        lock (_reserveLock)
        {
            for (var i = 0; i < ReserveSegments; i++)
            {
                var reserved = ReservePath(i);
                if (File.Exists(reserved) && new FileInfo(reserved).Length >= size)
                {
                    Disk.Rename(reserved, path);
                    return Disk.OpenWrite(path);
                }
            }
            return null;
        }
    }
}
