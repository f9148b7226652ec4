using System.Collections.Concurrent;
using System.Diagnostics;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;

namespace MailCluster.Spool.CrashWorker;

/// <summary>A small disk, filled until no mail is taken; then outcomes, a restart, and the way back to an empty disk.</summary>
internal sealed class FullDisk
{
    private const long Octets = 64 << 20;
    private const long Segment = 1 << 20;
    private const long MinimumFree = 10 << 20;
    private const long MinimumFreeInodes = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopDisk _disk;
    private readonly SpoolDisk _look = new();
    private readonly string _foreign;
    private readonly bool _isShortOfInodes;
    private readonly ConcurrentDictionary<long, int> _attempts = new();
    private readonly ConcurrentDictionary<long, EntryRef> _entries = new();
    private readonly List<string> _violations = [];
    private Spool _spool;
    private long _next;
    private int _outcomes;
    private int _compared;

    public FullDisk(string directory, bool isShortOfInodes)
    {
        _isShortOfInodes = isShortOfInodes;
        _disk = new LoopDisk(directory, Octets, ["-m", "0", "-N", isShortOfInodes ? "512" : "4096"]);
        _disk.Mount();
        _foreign = Path.Combine(_disk.MountPoint, "foreign");
        Directory.CreateDirectory(_foreign);
        _spool = Open();
    }

    /// <summary>Fills and empties the disk.</summary>
    /// <param name="directory">Where the disk is made.</param>
    /// <param name="isShortOfInodes">Inodes run out, not octets.</param>
    /// <param name="eatsAll">Somebody else takes what the spool left free.</param>
    public static async Task<CrashReport> RunAsync(string directory, bool isShortOfInodes, bool eatsAll)
    {
        var test = new FullDisk(directory, isShortOfInodes);
        try
        {
            await test.FillAsync();
            if (eatsAll)
            {
                test.EatAll();
            }
            else
            {
                await test.PushAsync();
            }
            // More than the rest of a segment.
            await test.DeferAsync(400, (int)Segment - (400 * 200), 1);
            await test.ReopenAsync();
            await test.DeferAsync(100, 10_000, 2);
            await test.EmptyAsync();
            await test._spool.DisposeAsync();
            test._disk.Unmount();
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or InvalidDataException)
        {
            test._violations.Add(failure.ToString());
        }
        return new(1, test._attempts.Count, 0, test._outcomes, test._compared, 0, 0, 0, 0, 0, 0, test._violations);
    }

    private Spool Open()
    {
        var spool = Spool.Open(new SpoolOptions
        {
            Directory = Path.Combine(_disk.MountPoint, "spool"), SegmentSize = Segment, ReclaimAbove = 4 * Segment, LargeContent = 64 << 10, MinimumFree = MinimumFree,
            MinimumFreeInodes = MinimumFreeInodes,
        });
        spool.Damaged += damage => Violate($"damaged: {damage}");
        foreach (var damage in spool.DamageAtOpen)
        {
            Violate($"found damaged: {damage}");
        }
        return spool;
    }

    private void Start() => _spool.Start(arrivals =>
    {
        foreach (var arrival in arrivals)
        {
            // The time of arrival names the mail.
            _entries[arrival.Arrived.UtcTicks] = arrival.Entry;
        }
    });

    /// <summary>Mail comes in as fast as it can until the spool says that it is full; each commit until then succeeds.</summary>
    private async Task FillAsync()
    {
        Start();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (_spool.Admission == SpoolAdmission.Open)
            {
                try
                {
                    await CommitAsync();
                }
                catch (IOException failure)
                {
                    // One under way when the spool became full may fail; it must never be the commits that find out first.
                    if (_spool.Admission == SpoolAdmission.Open)
                    {
                        throw;
                    }
                    Violate($"a commit failed before the spool said that it was full, with {_look.Free(_disk.MountPoint)} free: {failure.Message}");
                    return;
                }
            }
        })));
        Require(_spool.Admission == SpoolAdmission.Full, $"It says {_spool.Admission}, not Full.");
        Require(_attempts.Count > 100, $"Only {_attempts.Count} mails fitted.");
    }

    /// <summary>Mail that comes in all the same, until the disk itself refuses it.</summary>
    private async Task PushAsync()
    {
        for (var refused = 0; refused < 3;)
        {
            try
            {
                await CommitAsync();
            }
            catch (IOException)
            {
                refused++;
            }
        }
        Require(_spool.Admission == SpoolAdmission.Full, $"After commits that failed for want of room it says {_spool.Admission}.");
    }

    /// <summary>Another program fills the disk to the last block, or takes the last inode.</summary>
    private void EatAll()
    {
        for (var i = 0; ; i++)
        {
            try
            {
                using var file = _look.Create(Path.Combine(_foreign, $"{i}"));
                if (_isShortOfInodes)
                {
                    continue;
                }
                var part = new byte[1 << 20];
                for (var (at, length) = (0L, part.Length); ; at += length)
                {
                    try
                    {
                        _look.Write(file, [part.AsMemory(0, length)], at);
                    }
                    catch (DiskFullException) when (length > 4096)
                    {
                        (at, length) = (RandomAccess.GetLength(file), 4096);
                        at -= length;
                    }
                }
            }
            catch (DiskFullException)
            {
                break;
            }
        }
        var (octets, inodes) = _look.Free(_disk.MountPoint);
        Require(_isShortOfInodes ? inodes == 0 : octets < 64 << 10, $"The disk is not full: {octets} octets, {inodes} inodes are free.");
    }

    /// <summary>Some mails are put off once more. What is recorded while the disk is full has the reserve of two segments, and each start begins one.</summary>
    private async Task DeferAsync(int count, int octets, int attempt)
    {
        var reply = new Reply(450, default, new string('x', octets / count));
        foreach (var (key, entry) in _entries.Take(count))
        {
            _spool.Record(new(entry, attempt, new DateTimeOffset(key, TimeSpan.Zero).AddMinutes(attempt), [new(0, RecipientStatus.Open, new(reply, "mx.test", DateTimeOffset.UnixEpoch))]));
            _attempts[key] = attempt;
            _outcomes++;
        }
        await FlushAsync("what was put off");
    }

    private async Task FlushAsync(string what)
    {
        try
        {
            await _spool.FlushAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what} is not recorded, with {_look.Free(_disk.MountPoint)} free: {_spool.LastFailure?.Message}, {_spool.LastChoreFailure?.Message}");
        }
    }

    /// <summary>A restart on the full disk: all is there, as it was.</summary>
    private async Task ReopenAsync()
    {
        await _spool.DisposeAsync().AsTask().WaitAsync(Patience);
        _entries.Clear();
        _spool = Open();
        Start();
        await FlushAsync("nothing");
        Require(_entries.Count == _attempts.Count, $"{_entries.Count} mails are there, not {_attempts.Count}.");
        foreach (var key in _entries.Keys)
        {
            await CompareAsync(key);
        }
        await UntilAsync(() => _spool.Admission == SpoolAdmission.Full, "After a restart on a full disk it takes mail.");
    }

    private async Task CompareAsync(long key)
    {
        using var delivery = await _spool.OpenAsync(_entries[key], CancellationToken.None);
        var content = new byte[delivery.Content.Length];
        for (var done = 0; done < content.Length;)
        {
            done += await delivery.Content.ReadAsync(done, content.AsMemory(done), CancellationToken.None);
        }
        Require(content.AsSpan().SequenceEqual(Content(MailPlan.NumberOf(delivery.Envelope.ReversePath))), $"{delivery.Id}: the content is not what was committed.");
        Require(delivery.Attempts == _attempts[key], $"{delivery.Id}: {delivery.Attempts} attempts, not {_attempts[key]}.");
        _compared++;
    }

    /// <summary>All but a tenth is delivered: the space comes back, mail is taken again, and the tenth is still there.</summary>
    private async Task EmptyAsync()
    {
        var kept = _entries.Keys.Where(static (_, i) => i % 10 == 0).ToHashSet();
        foreach (var key in _entries.Keys.Where(key => !kept.Contains(key)).ToList())
        {
            _spool.RecordDelivered(_entries[key]);
            _entries.Remove(key, out _);
            _outcomes++;
        }
        await FlushAsync("what was delivered");
        await UntilAsync(() => _spool.Admission == SpoolAdmission.Open, "With the mail delivered it does not take any.");
        await CommitAsync();
        foreach (var key in kept)
        {
            await CompareAsync(key);
        }
        Directory.Delete(_foreign, recursive: true);
        foreach (var key in _entries.Keys.ToList())
        {
            _spool.RecordDelivered(_entries[key]);
            _outcomes++;
        }
        await FlushAsync("what was delivered at last");
        await UntilAsync(() => _look.Free(_disk.MountPoint).Octets > Octets / 2, "The space does not come back.");
        Require(_spool.OpenRecipients == 0, $"{_spool.OpenRecipients} recipients are open, and all were delivered.");
    }

    private async Task CommitAsync()
    {
        var number = Interlocked.Increment(ref _next);
        var content = Content(number);
        using var writer = await _spool.BeginAsync(CancellationToken.None);
        for (var done = 0; done < content.Length;)
        {
            var room = writer.GetMemory(1);
            var part = Math.Min(room.Length, content.Length - done);
            content.AsMemory(done, part).CopyTo(room);
            writer.Advance(part);
            done += part;
            await writer.DrainAsync(CancellationToken.None);
        }
        var envelope = MailPlan.Of(number).Envelope();
        await writer.CommitAsync(envelope with { Destinations = [envelope.Destinations[0] with { Recipients = [envelope.Destinations[0].Recipients[0]] }] }, ContentTraits.HasLeadingDot);
        _attempts[envelope.Arrived.UtcTicks] = 0;
    }

    // Where inodes are short, nearly all content goes to a file of its own.
    private byte[] Content(long number)
    {
        var content = MailPlan.Of(number).Content();
        return _isShortOfInodes && number % 8 != 0 ? [.. content, .. new byte[80 << 10]] : content;
    }

    private async Task UntilAsync(Func<bool> condition, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); await Task.Yield())
        {
            if (clock.Elapsed > Patience)
            {
                throw new TimeoutException($"{otherwise} {_look.Free(_disk.MountPoint)} free, {_spool.LastFailure?.Message}, {_spool.LastChoreFailure?.Message}");
            }
            Thread.Sleep(1);
        }
    }

    private void Violate(string what)
    {
        lock (_violations)
        {
            _violations.Add(what);
        }
    }

    private void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            Violate(otherwise);
        }
    }
}
