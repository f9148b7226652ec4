using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Node.Sink;

/// <summary>
/// One connection of the sink. Commands are taken from the buffer as long as it holds any, their replies gathered and sent together (RFC 2920 section 3.2);
/// everything is synchronous as long as nothing goes wrong on request.
/// </summary>
internal sealed partial class SinkSession(SinkServer server, Socket socket)
{
    private const int LongestLine = 4096;

    private readonly byte[] _input = ArrayPool<byte>.Shared.Rent(64 << 10);
    private readonly ArrayBufferWriter<byte> _output = new(512);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _start;
    private int _end;

    private SinkOptions Options => server.Options;

    private ReadOnlySpan<byte> Buffered => _input.AsSpan(_start, _end - _start);

    /// <summary>Completes when the connection is closed and all is counted.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends the session from outside.</summary>
    public void Close() => socket.Dispose();

    public async Task RunAsync()
    {
        try
        {
            if (await MeetAsync(SinkStep.Connect, Text($"220 {Options.Hostname} ESMTP MailCluster sink\r\n")) != Met.Closed)
            {
                await ConverseAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client went, or the sink stops.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Options.Trouble?.Invoke($"a message could not be stored: {e.Message}");
        }
        finally
        {
            _capture?.Dispose();
            socket.Dispose();
            ArrayPool<byte>.Shared.Return(_input);
            _ended.SetResult();
        }
    }

    private async Task ConverseAsync()
    {
        while (true)
        {
            if (_receiving)
            {
                if (!ReceiveContent())
                {
                    if (!await FillAsync())
                    {
                        return;
                    }
                }
                else if (!await EndContentAsync())
                {
                    return;
                }
            }
            else if (Buffered.IndexOf((byte)'\n') is var newline and >= 0)
            {
                var line = _input.AsMemory(_start, newline);
                _start += newline + 1;
                if (!await ObeyAsync(line.Span is [.., (byte)'\r'] ? line[..^1] : line))
                {
                    return;
                }
            }
            else if (_end - _start > LongestLine)
            {
                _start = _end;
                _overlong = true;
            }
            else if (!await FillAsync())
            {
                return;
            }
        }
    }

    /// <summary>Sends what is to be said and waits for more. False when the client has closed.</summary>
    private async ValueTask<bool> FillAsync()
    {
        await FlushAsync();
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_start > 0)
        {
            Buffered.CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }
        var read = await socket.ReceiveAsync(_input.AsMemory(_end), SocketFlags.None);
        _end += read;
        return read > 0;
    }

    private async ValueTask FlushAsync()
    {
        for (var rest = _output.WrittenMemory; rest.Length > 0;)
        {
            rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
        }
        _output.ResetWrittenCount();
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private bool Refuse(ReadOnlySpan<byte> reply)
    {
        server.Counters.Refused();
        _output.Write(reply);
        return true;
    }
}
