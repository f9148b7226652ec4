using System.Diagnostics;
using System.Text;
using MailCluster.Node.Logging;
using Microsoft.Extensions.Logging;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>The console log: one line an entry, whatever is in it, and nobody ever waits for it.</summary>
public class ConsoleLogTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 30, 5, 7, TimeSpan.Zero);

    private static string Written(Action<ConsoleLog> write, bool coloured = false)
    {
        using var stream = new MemoryStream();
        using (var log = new ConsoleLog(stream, new Clock(), coloured)) write(log);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    [Fact]
    public void Writes_time_in_UTC_level_type_and_message()
        => Assert.Equal("2026-03-01T12:30:05.007Z info QueueActor: 4c1 to=<ä@example.org> 🙂\n", Written(log => log.Write(LogLevel.Information, "MailCluster.Actors.Queue.QueueActor", "4c1 to=<ä@example.org> 🙂", null)));

    [Theory]
    [InlineData("a\nb", "a | b")]
    [InlineData("a\r\nb\tc", "a | b c")]
    [InlineData("\u001b[31mred\u0000\u007f\u0085", "\\x1b[31mred\\x00\\x7f\\x85")]
    [InlineData("", "")]
    public void What_a_peer_said_forges_no_line_and_drives_no_terminal(string message, string written)
        => Assert.Equal($"2026-03-01T12:30:05.007Z warning A: {written}\n", Written(log => log.Write(LogLevel.Warning, "A", message, null)));

    [Fact]
    public void An_exception_stays_on_its_line()
    {
        var line = Written(log => log.Write(LogLevel.Error, "A", "broke", new IOException("disk\nfull")));
        Assert.StartsWith("2026-03-01T12:30:05.007Z error A: broke: System.IO.IOException: disk | full", line, StringComparison.Ordinal);
        Assert.Equal(1, line.Count(c => c == '\n'));
    }

    [Fact]
    public void Colours_are_for_terminals_only()
    {
        Assert.Contains("\u001b[31merror\u001b[0m", Written(log => log.Write(LogLevel.Error, "A", "x", null), coloured: true), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", Written(log => log.Write(LogLevel.Error, "A", "x", null)), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_many_threads_come_whole_and_each_threads_in_order()
    {
        var lines = Written(log => Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            for (var i = 0; i < 2000; i++) log.Write(LogLevel.Information, "A", $"{thread} {i}", null);
        })).TrimEnd('\n').Split('\n').Select(line => line[(line.IndexOf("A: ", StringComparison.Ordinal) + 3)..].Split(' ')).ToArray();
        Assert.Equal(8000, lines.Length);
        foreach (var thread in lines.GroupBy(line => line[0])) Assert.Equal(Enumerable.Range(0, 2000).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)), thread.Select(line => line[1]));
    }

    [Fact]
    public void A_stuck_console_stops_nobody_and_what_was_lost_is_counted()
    {
        using var stream = new StuckStream();
        using (var log = new ConsoleLog(stream, new Clock(), false))
        {
            var began = Stopwatch.GetTimestamp();
            var message = new string('x', 1000);
            for (var i = 0; i < 20_000; i++) log.Write(LogLevel.Information, "A", message, null);
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
            stream.Release();
        }

        var written = Encoding.UTF8.GetString(stream.ToArray());
        var kept = written.Split('\n').Count(line => line.Contains("A: x", StringComparison.Ordinal));
        var lost = System.Text.RegularExpressions.Regex.Matches(written, @"Log: (\d+) lines were lost").Sum(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(lost > 0);
        Assert.Equal(20_000, kept + lost);
    }

    [Fact]
    public void A_console_that_has_gone_breaks_nothing() => Assert.Null(Record.Exception(() =>
    {
        using var stream = new StuckStream();
        stream.Release(broken: true);
        using var log = new ConsoleLog(stream, new Clock(), false);
        log.Write(LogLevel.Information, "A", "x", null);
    }));

    [Fact]
    public void Ten_thousand_lines_cost_less_than_five_microseconds_each()
    {
        using var stream = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        using var provider = new ConsoleLogProvider(new ConsoleLog(stream, TimeProvider.System, false));
        var logger = provider.CreateLogger("MailCluster.Actors.Queue.QueueActor");
        var batches = new double[100];
        for (var warm = 0; warm < 2; warm++)
        {
            // A batch is shorter than a time slice, and the median leaves out those that other tests took the processor from.
            for (var batch = 0; batch < batches.Length; batch++)
            {
                var began = Stopwatch.GetTimestamp();
                for (var i = 0; i < 100; i++) logger.LogLine("4c1f00a2b3-12", "somebody@example.org", "mx1.example.org[192.0.2.1]:25", 0.25, "2.0.0", "sent", "250 2.0.0 Ok: queued as 4XyZ1");
                batches[batch] = Stopwatch.GetElapsedTime(began).TotalMicroseconds / 100;
            }
        }

        var median = batches.Order().ElementAt(batches.Length / 2);
        TestContext.Current.TestOutputHelper?.WriteLine($"{median:F2} µs a line");
        Assert.True(median < 5, $"{median:F2} µs a line");
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _released = new();
        private bool _broken;

        public void Release(bool broken = false)
        {
            _broken = broken;
            _released.Set();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            _released.Wait();
            if (_broken) throw new IOException("broken pipe");
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _released.Dispose();
            base.Dispose(disposing);
        }
    }
}
