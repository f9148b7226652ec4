using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Events;

/// <summary>
/// The event log: one JSON line per fate, in files under <c>events/</c> in the data directory (<see cref="EventLogFiles"/>). Writing never waits for
/// the disk and never fails: a line is copied into one of two arrays, and a thread of its own formats and writes what has gathered, about every
/// 200 ms, sooner when much comes. Without lines that thread sleeps. When the disk stalls until the array is full, lines are dropped and counted;
/// the count becomes a line of type <c>Dropped</c> when the disk takes lines again. An orderly stop loses none.
/// </summary>
public sealed partial class EventLog : IAsyncDisposable
{
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);
    private const int SmallArray = 2048;
    private const int Chunk = 64 << 10;

    private readonly EventLogOptions _options;
    private readonly EventLogFiles _files;
    private readonly FateEventFormatter _formatter;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under the lock, which is held for the copy of one line: the array that lines go into, and what the writer must know.
    private readonly object _gate = new();
    private FateEvent[] _incoming = [];
    private int _count;
    private long _dropped;
    private bool _stopping;

    // The writer's own.
    private FateEvent[] _outgoing = [];

    /// <summary>Starts the writer. The folder and the first file come into being with the first line.</summary>
    /// <param name="directory">The folder of the files.</param>
    /// <param name="node">The node's name, in every line.</param>
    /// <param name="options">Rotation and retention.</param>
    /// <param name="logger">Takes warnings about the disk and about dropped lines.</param>
    /// <param name="time">The clock for rotation; the system's where null.</param>
    public EventLog(string directory, string node, EventLogOptions options, ILogger<EventLog> logger, TimeProvider? time = null)
    {
        _options = options;
        _logger = logger;
        _time = time ?? TimeProvider.System;
        _files = new(directory, options, _time);
        _formatter = new(node);
        if (options.Enabled)
        {
            new Thread(Run) { Name = "event-log", IsBackground = true }.Start();
        }
        else
        {
            _stopping = true;
            _ended.SetResult();
        }
    }

    /// <summary>Hands over a line. May be called from any thread; costs about a tenth of a microsecond. After the stop it does nothing.</summary>
    public void Write(in FateEvent fate)
    {
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }
            if (_count == _incoming.Length)
            {
                if (_count >= _options.Waiting)
                {
                    _dropped++;
                    return;
                }
                Array.Resize(ref _incoming, Math.Min(_options.Waiting, Math.Max(SmallArray, 2 * _count)));
            }
            _incoming[_count++] = fate;
            if (_count == 1 || _count == _options.Waiting / 4)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Writes out what is in memory and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
        await _ended.Task;
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                var (count, dropped, stopping) = Take();
                WriteOut(_outgoing.AsSpan(0, count), dropped);
                Array.Clear(_outgoing, 0, count);
                if (_outgoing.Length > SmallArray && count < _outgoing.Length / 8)
                {
                    _outgoing = [];     // a burst is over: its room goes back
                }
                if (count == 0)
                {
                    if (stopping)
                    {
                        break;
                    }
                    _files.CloseIfOld();
                }
            }
        }
        finally
        {
            _files.Dispose();
            _formatter.Dispose();
            _ended.SetResult();
        }
    }

    /// <summary>Waits for lines, lets more gather, and exchanges the arrays. Returns none when the file's age is up and when the end has come.</summary>
    private (int Count, long Dropped, bool Stopping) Take()
    {
        lock (_gate)
        {
            if (_count == 0 && !_stopping)
            {
                Monitor.Wait(_gate, _files.UntilOld ?? Timeout.InfiniteTimeSpan);
            }
            var end = Environment.TickCount64 + (long)Gathering.TotalMilliseconds;
            while (_count > 0 && _count < _options.Waiting / 4 && !_stopping && end - Environment.TickCount64 is > 0 and var left)
            {
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left));
            }
            var taken = (_count, _dropped, _stopping);
            (_incoming, _outgoing) = (_outgoing, _incoming);
            (_count, _dropped) = (0, 0);
            return taken;
        }
    }

    private void WriteOut(ReadOnlySpan<FateEvent> fates, long dropped)
    {
        var lines = 0;
        foreach (ref readonly var fate in fates)
        {
            _formatter.Append(fate);
            lines++;
            if (_formatter.Written.Length >= Chunk)
            {
                WriteOut(lines);
                lines = 0;
            }
        }
        if (dropped > 0)
        {
            LogDropped(dropped);
            _formatter.AppendDropped(dropped, _time.GetUtcNow());
            lines++;
        }
        if (lines > 0)
        {
            WriteOut(lines);
        }
    }

    /// <summary>Writes what is formatted, again and again until the disk takes it; gives up only when the node stops.</summary>
    private void WriteOut(int lines)
    {
        for (var wait = FirstRetry; ; wait = wait * 2 < LongestRetry ? wait * 2 : LongestRetry)
        {
            try
            {
                _files.Write(_formatter.Written);
                break;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!WaitToRetry(wait))
                {
                    LogLost(lines, e.Message);
                    break;
                }
                LogDiskError(wait.TotalSeconds, e.Message);
            }
        }
        _formatter.Clear();
    }

    private bool WaitToRetry(TimeSpan wait)
    {
        var end = Environment.TickCount64 + (long)wait.TotalMilliseconds;
        lock (_gate)
        {
            while (!_stopping && end - Environment.TickCount64 is > 0 and var left)
            {
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left));
            }
            return !_stopping;
        }
    }

    [LoggerMessage(2101, LogLevel.Warning, "The event log cannot write and tries again every {Seconds} s: {Reason}")]
    private partial void LogDiskError(double seconds, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "The event log dropped {Lines} lines: the disk did not keep up")]
    private partial void LogDropped(long lines);

    [LoggerMessage(2103, LogLevel.Error, "The event log lost {Lines} lines at the stop: {Reason}")]
    private partial void LogLost(int lines, string reason);
}
