using System.Collections.Immutable;
using System.Text.Json;
using MailCluster.Actors.Events;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Tests.Events;

public sealed class EventLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("events-").FullName;
    private readonly RecordingLogger _logger = new();
    private readonly MovedTime _time = new(new(2026, 11, 24, 6, 52, 15, 123, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_line_holds_every_field_under_its_name()
    {
        await using (var log = Open())
        {
            log.Write(new()
            {
                Type = FateEventType.TransientFailure,
                At = new(2026, 1, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)),
                Id = new(0x1234, 0xabc),
                Sender = "a@example.org",
                Recipient = "b@example.net",
                Recipients = 3,
                Destination = "example.net",
                Site = "mx.example.net",
                PeerName = "mx1.example.net",
                PeerAddress = "192.0.2.1:25",
                Tls = "TLSv1.3 TLS_AES_128_GCM_SHA256",
                Reply = new(450, new(4, 2, 1), ImmutableArray.Create("Busy", "come back")),
                Attempts = 2,
                InQueue = TimeSpan.FromMilliseconds(12345.6),
                Size = 10240,
                Session = "out-7",
                NextAttempt = new(2026, 1, 2, 1, 34, 5, 0, TimeSpan.Zero),
            });
        }

        Assert.Equal(
            """{"type":"TransientFailure","time":"2026-01-02T01:04:05.006Z","id":"0000000000001234-abc","sender":"a@example.org","recipient":"b@example.net","nrcpt":3,"destination":"example.net","site":"mx.example.net","peer_name":"mx1.example.net","peer_address":"192.0.2.1:25","tls":"TLSv1.3 TLS_AES_128_GCM_SHA256","response":{"code":450,"enhanced_code":"4.2.1","content":"Busy\ncome back"},"bounce_class":"InactiveMailbox","num_attempts":2,"time_in_queue":12.346,"next_attempt":"2026-01-02T01:34:05.000Z","size":10240,"session":"out-7","node":"node-1","version":1}""",
            Assert.Single(Lines()));
    }

    [Fact]
    public async Task Fields_that_do_not_apply_are_left_out()
    {
        await using (var log = Open())
        {
            log.Write(new() { Type = FateEventType.Rejection, At = _time.GetUtcNow(), Recipient = "b@example.net", Reply = new(550, default, "No") });
        }

        Assert.Equal(
            """{"type":"Rejection","time":"2026-11-24T06:52:15.123Z","recipient":"b@example.net","response":{"code":550,"content":"No"},"node":"node-1","version":1}""",
            Assert.Single(Lines()));
    }

    [Theory]
    [InlineData("\"quoted\\ \u0001\r\n{}\"@example.org")]
    [InlineData("ü用户@例え.jp")]
    [InlineData("half \ud800 a pair")]
    [InlineData("\u2028 \u0085 \0")]
    public async Task Hostile_text_stays_one_line_of_valid_json(string text)
    {
        await using (var log = Open())
        {
            log.Write(new() { Type = FateEventType.Rejection, At = _time.GetUtcNow(), Sender = text, PeerName = text, Reply = new(550, default, text) });
        }

        var line = Assert.Single(Lines());
        using var json = JsonDocument.Parse(line);
        Assert.Equal(text.Replace('\ud800', '\ufffd'), json.RootElement.GetProperty("sender").GetString());
    }

    [Fact]
    public async Task An_orderly_stop_loses_no_line_of_many_writers()
    {
        const int Writers = 8, Each = 20_000;
        await using (var log = Open(new() { Waiting = Writers * Each }))
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
            {
                for (var i = 0; i < Each; i++)
                {
                    log.Write(Delivery((ulong)(writer * Each + i + 1)));
                }
            })));
        }

        Assert.Equal(Enumerable.Range(1, Writers * Each).Select(n => (ulong)n), Lines().Select(NumberOf).Order());
        foreach (var writer in Lines().Select(NumberOf).GroupBy(number => (number - 1) / Each))
        {
            Assert.Equal(writer.Order(), writer);       // each writer's lines in its order
        }
    }

    [Fact]
    public async Task Lines_reach_the_file_without_a_stop()
    {
        await using var log = Open();
        log.Write(Delivery(1));
        await UntilAsync(() => Lines() is [_]);
        log.Write(Delivery(2));
        await UntilAsync(() => Lines() is [_, _]);
    }

    [Fact]
    public async Task A_restart_begins_a_new_file_and_leaves_a_torn_line_alone()
    {
        await using (var log = Open())
        {
            log.Write(Delivery(1));
        }
        var torn = Assert.Single(Files());
        File.AppendAllText(torn, """{"type":"Deliv""");

        await using (var log = Open())
        {
            log.Write(Delivery(2));
        }

        Assert.Equal(2, Files().Count);
        Assert.Equal("""{"type":"Deliv""", File.ReadLines(torn).Last());
        Assert.Equal(2UL, NumberOf(File.ReadLines(Files()[1]).Single()));
    }

    [Fact]
    public async Task A_file_is_ended_at_its_size_and_the_oldest_are_deleted()
    {
        File.WriteAllText(Path.Combine(_folder, "notes.jsonl"), "not ours");
        await using (var log = Open(new() { FileSize = 400, KeepFiles = 3 }))
        {
            for (var i = 1UL; i <= 12; i++)
            {
                log.Write(Delivery(i));
                var expected = i;
                await UntilAsync(() => Lines().LastOrDefault() is { } last && NumberOf(last) == expected);
            }
        }

        Assert.Equal(3, Files().Count);
        Assert.True(File.Exists(Path.Combine(_folder, "notes.jsonl")));
        Assert.All(Files(), file => Assert.InRange(new FileInfo(file).Length, 1, 700));
        Assert.Equal(12UL, NumberOf(Lines()[^1]));
    }

    [Fact]
    public async Task Files_stay_in_order_when_the_clock_is_set_back()
    {
        for (var i = 1UL; i <= 3; i++)
        {
            await using (var log = Open())
            {
                log.Write(Delivery(i));
            }
            _time.Now -= TimeSpan.FromHours(1);
        }
        Assert.Equal([1UL, 2UL, 3UL], Lines().Select(NumberOf));
    }

    [Fact]
    public async Task A_file_is_ended_at_its_age_and_old_ones_are_deleted()
    {
        await using var log = Open(new() { FileAge = TimeSpan.FromHours(1), KeepAge = TimeSpan.FromHours(5) });
        for (var hour = 0UL; hour < 8; hour++)
        {
            log.Write(Delivery(hour + 1));
            await UntilAsync(() => Lines().LastOrDefault() is { } last && NumberOf(last) == hour + 1);
            _time.Now += TimeSpan.FromHours(1);
        }

        Assert.Equal(6, Files().Count);
        Assert.All(Files(), file => Assert.Single(File.ReadLines(file)));
    }

    [Fact]
    public async Task While_the_disk_refuses_lines_wait_and_those_without_room_are_counted_in_a_line()
    {
        var blocked = Path.Combine(_folder, "events");
        File.WriteAllText(blocked, "a file where the folder should be");
        var log = new EventLog(blocked, "node-1", new() { Waiting = 100 }, _logger, _time);
        log.Write(Delivery(1));
        await UntilAsync(() => _logger.Any("cannot write"));

        for (var i = 2UL; i <= 200; i++)
        {
            log.Write(Delivery(i));
        }
        File.Delete(blocked);
        await UntilAsync(() => Directory.Exists(blocked) && Lines(blocked).Count == 102);
        await log.DisposeAsync();

        var lines = Lines(blocked);
        Assert.Equal(Enumerable.Range(1, 101).Select(n => (ulong)n), lines.Take(101).Select(NumberOf));
        Assert.Equal("""{"type":"Dropped","time":"2026-11-24T06:52:15.123Z","lines":99,"node":"node-1","version":1}""", lines[^1]);
        Assert.True(_logger.Any("dropped 99 lines"));
    }

    [Fact]
    public async Task A_stop_with_a_dead_disk_ends_and_says_what_was_lost()
    {
        var blocked = Path.Combine(_folder, "events");
        File.WriteAllText(blocked, "");
        var log = new EventLog(blocked, "node-1", new(), _logger, _time);
        log.Write(Delivery(1));
        log.Write(Delivery(2));

        await log.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.True(_logger.Any("lost 2 lines"));
    }

    [Fact]
    public async Task Switched_off_it_writes_nothing()
    {
        await using (var log = Open(new() { Enabled = false }))
        {
            log.Write(Delivery(1));
        }
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Writing_leaves_no_garbage()
    {
        await using var log = Open(new() { Waiting = 4096 });
        var fate = Delivery(1);
        for (var i = 0; i < 10_000; i++)
        {
            log.Write(fate);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            log.Write(fate);
        }
        // The arrays may be made anew when the writer gave them back; nothing for each line.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 * 64);
    }

    private static FateEvent Delivery(ulong number) => new()
    {
        Type = FateEventType.Delivery,
        At = DateTimeOffset.UnixEpoch,
        Id = new(1, number),
        Sender = "sender@example.org",
        Recipient = "recipient@example.net",
        Reply = Accepted,
        Attempts = 1,
    };

    private static readonly Reply Accepted = new(250, new(2, 0, 0), "Ok");

    private static ulong NumberOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        Assert.True(QueueId.TryParse(json.RootElement.GetProperty("id").GetString()!, out var id));
        return id.Number;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var end = Environment.TickCount64 + 20_000;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < end, "not in time");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private EventLog Open(EventLogOptions? options = null) => new(_folder, "node-1", options ?? new(), _logger, _time);

    private List<string> Files() => [.. Directory.GetFiles(_folder, "2*.jsonl").Order(StringComparer.Ordinal)];

    private List<string> Lines(string? folder = null) =>
        [.. Directory.GetFiles(folder ?? _folder, "2*.jsonl").Order(StringComparer.Ordinal).SelectMany(ReadWhileWritten)];

    private static string[] ReadWhileWritten(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (FileNotFoundException)
        {
            return [];      // deleted just now
        }
    }
}
