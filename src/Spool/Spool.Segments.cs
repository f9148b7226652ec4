using Microsoft.Win32.SafeHandles;

namespace MailCluster.Spool;

// The files of the logs: how one begins, ends and goes.
public sealed partial class Spool
{
    // Numbers given while a segment is the newest: a restart goes on behind them, since a number that was given and never committed leaves no trace.
    private const ulong NumbersAhead = 1 << 24;

    private readonly Queue<Segment> _dropping = new();

    /// <summary>Begins a batch in the log's active segment, or in a new one where that has no room.</summary>
    private void Begin(Batch batch, long firstLength, bool mayUseReserve)
    {
        var log = batch.Log;
        if (log.Active is { } active)
        {
            if (active.End + firstLength + (active.End == 0 ? SegmentHeader.Size : 0) <= active.Size)
            {
                Begin(batch, active);
                return;
            }
            Seal(log);
        }
        var needed = SegmentHeader.Size + firstLength;
        var next = TakePrepared(log);
        if (next is { } unfit && (unfit.Size < needed || unfit.Number < log.LastNumber))
        {
            Chore(() => Discard(unfit));
            next = null;
        }
        log.Active = next ?? NewSegment(log, Math.Max(needed, Options.SegmentSize), mayUseReserve);
        Begin(batch, log.Active);
    }

    private void Begin(Batch batch, Segment segment)
    {
        SegmentHeader? header = null;
        if (segment.End == 0)
        {
            segment.Version = _speaksHandover ? SegmentHeader.HandoverVersion : SegmentHeader.Version;
            header = new SegmentHeader(
                batch.Log.Kind, segment.Number, Id, batch.Log.LastNumber, batch.Log.LastEnd, (ulong)Volatile.Read(ref _number) + NumbersAhead, _sequence + 1, segment.Version);
        }
        batch.Begin(segment, header);
    }

    /// <summary>A new segment: its blocks and its name are on the disk before anything is written to it.</summary>
    private Segment NewSegment(SegmentLog log, long size, bool mayUseReserve)
    {
        var number = Interlocked.Increment(ref _segmentNumber);
        var path = _layout.Segment(log.Kind, number);
        SafeFileHandle? file = null;
        try
        {
            file = Disk.Create(path);
            Disk.Preallocate(file, size);
            Disk.Sync(file);
            Disk.SyncDirectory(log.Directory);
            return new(log.Kind, number, path, file, size) { Rows = new() };
        }
        catch (IOException failure)
        {
            // Without an inode there is no file; one of the reserve needs none.
            file?.Dispose();
            Disk.Delete(path);
            if (failure is DiskFullException && mayUseReserve && TakeReserve(path, size) is { } reserved)
            {
                Disk.SyncDirectory(log.Directory);
                return new(log.Kind, number, path, reserved, RandomAccess.GetLength(reserved)) { Rows = new() };
            }
            throw;
        }
    }

    /// <summary>The records up to <paramref name="end"/> are durable.</summary>
    private void Extend(SegmentLog log, Segment segment, long end)
    {
        if (segment.End == 0)
        {
            log.Segments.AddLast(segment);
            _segments.Add(segment.Number, segment);
            log.HasLooseEnd = false;
            log.LastNumber = segment.Number;
        }
        segment.End = end;
        log.LastEnd = end;
    }

    /// <summary>Nothing more is written to the log's active segment.</summary>
    private void Seal(SegmentLog log)
    {
        if (log.Active is not { } segment)
        {
            return;
        }
        log.Active = null;
        segment.IsSealed = true;
        _hasSealed = true;
        if (segment.End == 0)
        {
            Chore(() => Discard(segment));
            return;
        }
        Chore(() => Finish(segment));
    }

    /// <summary>A write or a sync failed: nothing is ever written to that segment again, and its sync is not repeated, since a second one could succeed without the data.</summary>
    private void Abandon(Batch batch, IOException failure)
    {
        var segment = batch.Segment!;
        batch.Log.Active = null;
        batch.Log.HasLooseEnd = true;
        segment.IsSealed = true;
        if (segment.End == 0)
        {
            lock (_gate)
            {
                _unused.Add(segment.Path);
            }
            Chore(() =>
            {
                segment.Release();
                RemoveUnused();
            });
        }
        else
        {
            Chore(() => Finish(segment));
        }
        DropCarried();
        Failed(failure);
    }

    /// <summary>Drops segments from the front of both logs that nothing needs any more.</summary>
    private void DropFront()
    {
        // A record that failed could stand in a loose end, and with its outcome dropped it would come back.
        while (!_incoming.HasLooseEnd && !_deferred.HasLooseEnd && _unused.Count == 0 && (DropFront(_incoming) || DropFront(_deferred)))
        {
        }
    }

    private bool DropFront(SegmentLog log)
    {
        if (log.Segments.First is not { Value: var front } || !front.IsSealed || front.LiveMessages > 0 || front.Holds > 0
            || front.CarriedFrom.Overlaps(_segments.Keys) || log.Segments.First == log.Segments.Last)
        {
            return false;
        }
        log.Segments.RemoveFirst();
        lock (_gate)
        {
            _segments.Remove(front.Number);
        }
        lock (_gate)
        {
            _dropping.Enqueue(front);
        }
        Chore(DropQueued);
        return true;
    }

    /// <summary>
    /// Removes what was dropped, over both logs in the order of dropping, each durable before the next: an older copy must never outlive the outcome
    /// behind the newer one. Where one cannot be removed, all wait.
    /// </summary>
    private void DropQueued()
    {
        while (true)
        {
            Segment? segment;
            lock (_gate)
            {
                if (!_dropping.TryPeek(out segment))
                {
                    return;
                }
            }
            KeepReceived(segment);
            Disk.Delete(segment.Path);
            Disk.Delete(segment.SidecarPath);
            Disk.SyncDirectory(Path.GetDirectoryName(segment.Path)!);
            lock (_gate)
            {
                _dropping.Dequeue();
            }
            segment.Release();
        }
    }

    private void Discard(Segment segment)
    {
        segment.Release();
        Disk.Delete(segment.Path);
    }
}
