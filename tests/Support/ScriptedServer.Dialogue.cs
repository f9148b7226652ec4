using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Tests.Support;

public sealed partial class ScriptedServer
{
    /// <summary>One connection.</summary>
    private sealed class Dialogue(ScriptedServer server, Socket socket, int number) : IDisposable
    {
        private readonly byte[] _buffer = new byte[64 << 10];
        private Stream _stream = new NetworkStream(socket, ownsSocket: false);
        private int _start;
        private int _end;
        private string? _mail;
        private readonly List<string> _rcpts = [];
        private readonly List<string> _accepted = [];

        private ScriptedServerOptions Options => server._options;

        private bool IsEncrypted => _stream is SslStream;

        public void Dispose() => _stream.Dispose();

        public async Task RunAsync()
        {
            if (!await AnswerAsync("greeting", "220 scripted.test ESMTP"))
            {
                return;
            }
            while (await ReadLineAsync() is { } line)
            {
                server._commands.Enqueue(line);
                if (!await ObeyAsync(line))
                {
                    return;
                }
            }
        }

        private Task<bool> ObeyAsync(string line) => line.Split(' ')[0].ToUpperInvariant() switch
        {
            "EHLO" => AnswerAsync("ehlo", string.Join("\r\n", (string[])[.. Lines("scripted.test", IsEncrypted ? Options.Extensions.Where(e => e != "STARTTLS") : Options.Extensions)])),
            "HELO" => AnswerAsync("helo", "250 scripted.test"),
            "STARTTLS" => StartTlsAsync(),
            "MAIL" => MailAsync(line),
            "RCPT" => RcptAsync(line),
            "DATA" => DataAsync(),
            "BDAT" => BdatAsync(line),
            "RSET" => ResetAsync(),
            "QUIT" => QuitAsync(),
            _ => AnswerAsync("unknown", "500 5.5.1 what?"),
        };

        private static IEnumerable<string> Lines(string first, IEnumerable<string> more)
        {
            string[] all = [first, .. more];
            return all.Select((text, i) => $"250{(i == all.Length - 1 ? ' ' : '-')}{text}");
        }

        private async Task<bool> StartTlsAsync()
        {
            if (!await AnswerAsync("starttls", "220 2.0.0 go"))
            {
                return false;
            }
            if (Options.Fault(number, "starttls") is not null)
            {
                return true;
            }
            if (Options.BreaksTls || Options.Certificate is null)
            {
                await _stream.WriteAsync("this is no handshake, and never will be one\r\n"u8.ToArray());
                return false;
            }
            var tls = new SslStream(_stream);
            await tls.AuthenticateAsServerAsync(Options.Certificate);
            _stream = tls;
            _start = _end = 0;
            return true;
        }

        private Task<bool> MailAsync(string line)
        {
            if (_mail is not null)
            {
                return AnswerAsync("mail", "503 5.5.1 nested MAIL");
            }
            var fault = FaultOf("mail", line);
            _mail = fault is null or "slow" or "unasked" ? line : null;
            _rcpts.Clear();
            _accepted.Clear();
            return AnswerAsync("mail", "250 2.1.0 Ok", fault);
        }

        private Task<bool> RcptAsync(string line)
        {
            if (_mail is null)
            {
                return AnswerAsync("rcpt", "503 5.5.1 need MAIL");
            }
            _rcpts.Add(line);
            var fault = FaultOf("rcpt", line) ?? (_accepted.Count >= Options.MaxRecipients ? "452 4.5.3 too many recipients" : null);
            if (fault is null or "slow" or "unasked" || fault.StartsWith('2'))
            {
                _accepted.Add(line);
            }
            return AnswerAsync("rcpt", "250 2.1.5 Ok", fault);
        }

        private async Task<bool> DataAsync()
        {
            var fault = FaultOf("data", [.. _rcpts]);
            if (_mail is null)
            {
                return await AnswerAsync("data", "503 5.5.1 need MAIL", fault);
            }
            if (_accepted.Count == 0 && !Options.GrantsDataToNobody)
            {
                return await AnswerAsync("data", "554 5.5.1 no valid recipients", fault);
            }
            if (!await AnswerAsync("data", "354 go", fault))
            {
                return false;
            }
            if (fault is not (null or "slow" or "unasked"))
            {
                return true;
            }
            return await ContentFaultAsync() && await ReadContentAsync() is { } content && await EndAsync(content, "DATA");
        }

        private async Task<bool> BdatAsync(string line)
        {
            var size = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            if (!await ContentFaultAsync())
            {
                return false;
            }
            var content = new byte[size];
            for (var i = 0; i < size;)
            {
                if (_start == _end && !await FillAsync())
                {
                    return false;
                }
                var part = Math.Min(size - i, _end - _start);
                Array.Copy(_buffer, _start, content, i, part);
                _start += part;
                i += part;
            }
            return await EndAsync(content, "BDAT");
        }

        private async Task<bool> EndAsync(byte[] content, string transfer)
        {
            var fault = FaultOf("dot", [.. _rcpts]);
            var mail = _mail!;
            _mail = null;
            if (_accepted.Count > 0 && fault is null or "slow" or "unasked" or "close-after")
            {
                server._messages.Enqueue(new(number, mail, [.. _accepted], content, transfer, IsEncrypted));
            }
            if (fault == "close-after")
            {
                // The moment after which the message is the server's, whatever becomes of the connection.
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(Options.Accepted + "\r\n"));
                return false;
            }
            return await AnswerAsync("dot", _accepted.Count > 0 ? Options.Accepted : "554 5.5.1 no recipients", fault);
        }

        private async Task<bool> ContentFaultAsync() => FaultOf("content", [.. _rcpts]) is not { } fault || await AnswerAsync("content", "", fault);

        private Task<bool> ResetAsync()
        {
            _mail = null;
            return AnswerAsync("rset", "250 2.0.0 Ok");
        }

        private async Task<bool> QuitAsync()
        {
            await AnswerAsync("quit", "221 2.0.0 bye");
            return false;
        }

        private string? FaultOf(string step, params string[] lines)
        {
            foreach (var line in lines)
            {
                var local = line.Contains('<', StringComparison.Ordinal) ? line.Split('<')[1].Split('@')[0] : "";
                if (local.Split("-at-") is [var what, var where] && where.Split('.')[0] == step)
                {
                    return what;
                }
            }
            return Options.Fault(number, step);
        }

        private Task<bool> AnswerAsync(string step, string reply) => AnswerAsync(step, reply, Options.Fault(number, step));

        /// <summary>Answers, or does what the fault says. False where the connection is to be closed.</summary>
        private async Task<bool> AnswerAsync(string step, string reply, string? fault)
        {
            switch (fault)
            {
                case null:
                    await SendAsync(reply + "\r\n");
                    return true;
                case "close":
                    return false;
                case "reset":
                    socket.LingerState = new(true, 0);
                    return false;
                case "silence":
                    await Task.Delay(Timeout.Infinite, server._stop.Token);
                    return false;
                case "garbage":
                    await SendAsync("<html>it works!</html>\r\n");
                    return true;
                case "overlong":
                    await SendAsync("250 " + new string('x', 100_000) + "\r\n");
                    return true;
                case "endless":
                    for (; ; )
                    {
                        await SendAsync("250-and so on\r\n");
                    }
                case "mixed":
                    await SendAsync("250-2.0.0 yes\r\n550 5.0.0 no\r\n");
                    return true;
                case "unasked":
                    await SendAsync(reply + "\r\n250 2.0.0 and one more\r\n");
                    return true;
                case "slow":
                    foreach (var octet in Encoding.UTF8.GetBytes(reply + "\r\n"))
                    {
                        await _stream.WriteAsync(new[] { octet });
                    }
                    return true;
                default:
                    await SendAsync(fault + (fault.Length == 3 ? $" {fault[0]}.0.0 scripted at {step}" : "") + "\r\n");
                    return fault[..3] is not ("421" or "521");
            }
        }

        private ValueTask SendAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text));

        private async Task<string?> ReadLineAsync()
        {
            for (; ; )
            {
                var end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
                if (end >= 0)
                {
                    var line = Encoding.UTF8.GetString(_buffer, _start, end);
                    _start += end + 2;
                    return line;
                }
                if (!await FillAsync())
                {
                    return null;
                }
            }
        }

        private async Task<byte[]?> ReadContentAsync()
        {
            var content = new List<byte>();
            while (await ReadLineOctetsAsync() is { } line)
            {
                if (line is [(byte)'.'])
                {
                    return [.. content];
                }
                content.AddRange(line is [(byte)'.', ..] ? line[1..] : line);
                content.AddRange("\r\n"u8);
            }
            return null;
        }

        private async Task<byte[]?> ReadLineOctetsAsync()
        {
            for (; ; )
            {
                var end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
                if (end >= 0)
                {
                    var line = _buffer[_start..(_start + end)];
                    _start += end + 2;
                    return line;
                }
                if (!await FillAsync())
                {
                    return null;
                }
            }
        }

        private async Task<bool> FillAsync()
        {
            if (_start > 0)
            {
                Array.Copy(_buffer, _start, _buffer, 0, _end - _start);
                _end -= _start;
                _start = 0;
            }
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), server._stop.Token);
            server._reads.Enqueue(Encoding.Latin1.GetString(_buffer, _end, Math.Min(read, 4096)));
            _end += read;
            return read > 0;
        }
    }
}
