using System.Globalization;
using System.Text;

namespace MailCluster.Node.Sink;

/// <summary>How is content taken, and when does a message count?</summary>
internal sealed partial class SinkSession
{
    private static readonly byte[] TooLarge = Text("552 5.3.4 Too large\r\n");

    private DataScanner _scanner;
    private bool _receiving;
    private bool _last;
    private long _chunkLeft = -1;
    private bool _chunkRefused;
    private long _length;
    private SinkCapture? _capture;

    private bool BeginData()
    {
        (_receiving, _last, _scanner, _chunkLeft) = (true, true, new(), -1);
        BeginCapture();
        return true;
    }

    private bool TryBeginChunk(ReadOnlySpan<byte> argument)
    {
        var space = argument.IndexOf((byte)' ');
        _last = space >= 0 && Is(argument[(space + 1)..].Trim((byte)' '), "LAST"u8);
        if (!long.TryParse(space < 0 ? argument : argument[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            // Where the next command begins can no longer be told (RFC 3030 section 2).
            Refuse("501 5.5.4 BDAT size [LAST]\r\n"u8);
            return false;
        }
        _chunkRefused = _recipients.Count == 0;
        (_receiving, _chunkLeft, _inChunks) = (true, size, !_chunkRefused);
        BeginCapture();
        return true;
    }

    private void BeginCapture() =>
        _capture ??= Options.Store is not null || (Options.Taken is not null && Options.Wanted?.Invoke() is not false) ? new(Options.Store) : null;

    /// <summary>Takes what the buffer has. True at the end of data, or of a chunk.</summary>
    private bool ReceiveContent()
    {
        if (_chunkLeft >= 0)
        {
            var taken = (int)Math.Min(_chunkLeft, _end - _start);
            Keep(_input.AsSpan(_start, taken));
            _start += taken;
            _chunkLeft -= taken;
            return _chunkLeft == 0;
        }
        while (_start < _end)
        {
            var ended = _scanner.Next(Buffered, out var run, out var consumed);
            Keep(run);
            _start += consumed;
            if (ended)
            {
                return true;
            }
        }
        return false;
    }

    private void Keep(ReadOnlySpan<byte> content)
    {
        _length += content.Length;
        if (_capture is not null && (Options.Size == 0 || _length <= Options.Size))
        {
            _capture.Append(content);
        }
    }

    private async ValueTask<bool> EndContentAsync()
    {
        _receiving = false;
        if (_chunkLeft == 0 && _chunkRefused)
        {
            Reset();
            return Refuse("503 5.5.1 No valid recipients\r\n"u8);
        }
        _early = _start < _end;
        if (Options.Size > 0 && _length > Options.Size)
        {
            Reset();
            return Refuse(TooLarge);
        }
        if (!_last)
        {
            var data = await MeetAsync(SinkStep.Data, Ok);
            if (data == Met.Refused)
            {
                Reset();
            }
            return data != Met.Closed;
        }
        var met = await MeetAsync(SinkStep.Dot, null);
        Reset();
        return met != Met.Closed;
    }

    /// <summary>Counts and keeps the message, and only then gives the reply to it.</summary>
    private byte[] Take()
    {
        var number = server.NumberOf(server.Counters.Took(_recipients.Count, _length));
        if (_capture is not null)
        {
            var message = _capture.Finish(new(number, DateTimeOffset.UtcNow, _client, _mail!, [.. _recipients], _length, "", ""));
            Options.Taken?.Invoke(message);
        }
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"250 2.0.0 Ok: taken as {number}\r\n"));
    }
}
