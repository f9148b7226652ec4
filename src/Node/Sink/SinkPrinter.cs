using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace MailCluster.Node.Sink;

/// <summary>What the sink prints. Text from mail is stripped of control characters, so that it cannot talk to the terminal.</summary>
internal sealed class SinkPrinter(TextWriter output, bool quiet, bool verbose)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private const int LinesInASecond = 10;
    private readonly Lock _lock = new();
    private long _second;
    private int _lines;

    /// <summary>Prints a message's line; null where none is wanted, which spares the sink the looking.</summary>
    public Action<SinkMessage>? Taken => quiet ? null : Print;

    /// <summary>Whether the next message gets a line: each where that was asked for, else the first ten of a second. Who sends one by hand sees it; who sends thousands sees them counted.</summary>
    public bool Wants()
    {
        if (verbose)
        {
            return true;
        }
        var second = Stopwatch.GetTimestamp() / Stopwatch.Frequency;
        if (Interlocked.Exchange(ref _second, second) != second)
        {
            Volatile.Write(ref _lines, 0);
        }
        return Interlocked.Increment(ref _lines) <= LinesInASecond;
    }

    public void Listening(IPEndPoint address)
    {
        if (!quiet)
        {
            Line($"listening on {address}");
        }
    }

    public void Trouble(string text) => Line(text);

    /// <summary>Prints a line each second in which more mail came than had lines of its own, until stopped.</summary>
    public async Task PrintAsync(SinkCounters counters, CancellationToken stop)
    {
        if (quiet || verbose)
        {
            await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }
        var (at, messages, octets) = (Stopwatch.GetTimestamp(), 0L, 0L);
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                var (took, now, count, sum) = (Stopwatch.GetElapsedTime(at).TotalSeconds, Stopwatch.GetTimestamp(), counters.Messages, counters.Octets);
                if (count - messages > LinesInASecond)
                {
                    Line(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss} {(count - messages) / took:n0} messages/s, {(sum - octets) / took / 1e6:n1} MB/s; {count:n0} in all"));
                }
                (at, messages, octets) = (now, count, sum);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    public void Total(SinkCounters counters) => Line(string.Create(CultureInfo.InvariantCulture,
        $"total: {counters.Messages} messages, {counters.Recipients} recipients, {counters.Octets} octets, {counters.Connections} connections, {counters.Refusals} refusals, {counters.HangUps} hang-ups"));

    private void Print(SinkMessage message) => Line(string.Create(CultureInfo.InvariantCulture,
        $"{message.At.ToLocalTime():HH:mm:ss.fff} from={message.Mail} to={string.Join(',', message.Recipients)} size={message.Size} subject=\"{message.Subject}\" sha256={message.Sha256}"));

    private void Line(string text)
    {
        text = string.Create(text.Length, text, (line, from) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(from[i]) || char.GetUnicodeCategory(from[i]) == UnicodeCategory.Format ? '?' : from[i];
            }
        });
        lock (_lock)
        {
            output.WriteLine(text);
            output.Flush();
        }
    }
}
