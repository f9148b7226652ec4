using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Logging;

namespace MailCluster.Node.Logging;

/// <summary>
/// Writes lines to a stream from a thread of its own. Whoever logs copies its line into memory and goes on: a terminal that is scrolled back, or a
/// pipe that nobody reads, never stops mail. What then does not fit any more is counted, and the count is written where the lines would have been.
/// </summary>
internal sealed class ConsoleLog : IDisposable
{
    private const int Ceiling = 4 << 20;

    /// <summary>How long lines gather before they are written: one write and one wake-up for all of them, soon enough for who watches.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly bool _coloured;
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly ManualResetEvent _end = new(false);
    private readonly Thread _writer;
    private byte[] _filling = new byte[16 << 10];
    private byte[] _spare = new byte[16 << 10];
    private int _length;
    private long _dropped;
    private bool _signalled;
    private bool _closed;

    /// <summary>Begins to write. The stream stays open.</summary>
    public ConsoleLog(Stream stream, TimeProvider time, bool coloured)
    {
        (_stream, _time, _coloured) = (stream, time, coloured);
        _writer = new(Run) { IsBackground = true, Name = "console log" };
        _writer.Start();
    }

    /// <summary>Hands over one line. Never waits for the stream.</summary>
    public void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var now = _time.GetUtcNow();
        var text = exception is null ? message : $"{message}: {exception}";
        lock (_lock)
        {
            if (_closed) return;

            // Each UTF-16 unit becomes at most 4 octets, escaped ones \xNN; before them stand time, level, category and colours.
            var worst = 64 + (category.Length * 4) + (text.Length * 4);
            if (_length + worst > _filling.Length)
            {
                if (_length + worst > Ceiling)
                {
                    _dropped++;
                    return;
                }

                Array.Resize(ref _filling, Math.Min(Ceiling, Math.Max(_filling.Length * 2, _length + worst)));
            }

            _length += Format(_filling.AsSpan(_length), now, level, category, text);
            if (_signalled) return;
            _signalled = true;
        }

        _work.Set();
    }

    /// <summary>Returns when all lines are written; later ones are lost.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
        }

        _end.Set();
        _work.Set();
        if (_writer.Join(TimeSpan.FromSeconds(5)))
        {
            _work.Dispose();
            _end.Dispose();
        }
    }

    private void Run()
    {
        for (; ; )
        {
            _work.WaitOne();
            _end.WaitOne(Gathering);
            byte[] lines;
            int length;
            long dropped;
            bool closed;
            lock (_lock)
            {
                _signalled = false;
                (lines, length, dropped, closed) = (_filling, _length, _dropped, _closed);
                (_filling, _spare, _length, _dropped) = (_spare, _filling, 0, 0);
            }

            try
            {
                if (length > 0) _stream.Write(lines, 0, length);
                if (dropped > 0) _stream.Write(Encoding.UTF8.GetBytes($"{_time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} warning Log: {dropped} lines were lost: nobody took them\n"));
                if (length > 0) _stream.Flush();
            }
            catch (IOException)
            {
                // The reader of the pipe is gone. Mail goes on without it.
            }

            // A burst is not kept in memory for ever.
            if (_spare.Length > 256 << 10) _spare = new byte[16 << 10];
            if (closed) return;
        }
    }

    private int Format(Span<byte> to, DateTimeOffset now, LogLevel level, string category, string text)
    {
        Span<char> stamp = stackalloc char[24];
        now.TryFormat(stamp, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var at = Encoding.UTF8.GetBytes(stamp, to);
        to[at++] = (byte)' ';
        at += Copy(Name(level, _coloured), to[at..]);
        to[at++] = (byte)' ';

        // The last part of the category names the type; the rest is the same for most.
        at += Encoding.UTF8.GetBytes(category.AsSpan(category.LastIndexOf('.') + 1), to[at..]);
        at += Copy(": "u8, to[at..]);
        at += Escape(text, to[at..]);
        to[at++] = (byte)'\n';
        return at;
    }

    /// <summary>One entry is one line, and what a peer said stays text: control characters, which could forge lines or drive a terminal, are written out.</summary>
    private static int Escape(ReadOnlySpan<char> text, Span<byte> to)
    {
        var at = 0;
        while (!text.IsEmpty)
        {
            var control = text.IndexOfAnyInRange('\0', '\u001f');
            var delete = text.IndexOfAnyInRange('\u007f', '\u009f');
            var next = control < 0 ? delete : delete < 0 ? control : Math.Min(control, delete);
            at += Encoding.UTF8.GetBytes(next < 0 ? text : text[..next], to[at..]);
            if (next < 0) break;
            var c = text[next];
            if (c is '\n')
            {
                at += Copy(" | "u8, to[at..]);
            }
            else if (c is '\t')
            {
                to[at++] = (byte)' ';
            }
            else if (c is not '\r')
            {
                at += Copy("\\x"u8, to[at..]);
                Utf8Formatter.TryFormat((byte)c, to[at..], out var written, new('x', 2));
                at += written;
            }

            text = text[(next + 1)..];
        }

        return at;
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    private static ReadOnlySpan<byte> Name(LogLevel level, bool coloured) => (level, coloured) switch
    {
        (LogLevel.Trace, _) => "trace"u8,
        (LogLevel.Debug, _) => "debug"u8,
        (LogLevel.Information, _) => "info"u8,
        (LogLevel.Warning, false) => "warning"u8,
        (LogLevel.Warning, true) => "\x1b[33mwarning\x1b[0m"u8,
        (_, false) => "error"u8,
        (_, true) => "\x1b[31merror\x1b[0m"u8,
    };
}
