using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailCluster.Node.Sink;

/// <summary>What does the sink answer to a command?</summary>
internal sealed partial class SinkSession
{
    private static readonly byte[] Ok = Text("250 2.0.0 Ok\r\n");
    private static readonly byte[] SenderOk = Text("250 2.1.0 Ok\r\n");
    private static readonly byte[] RecipientOk = Text("250 2.1.5 Ok\r\n");
    private static readonly byte[] GoOn = Text("354 End with a dot on a line by itself\r\n");
    private static readonly byte[] Bye = Text("221 2.0.0 Bye\r\n");

    private readonly List<string> _recipients = [];
    private byte[]? _hello;
    private string _client = "";
    private string? _mail;
    private bool _inChunks;
    private bool _early;
    private bool _overlong;

    /// <summary>Obeys one line without its CRLF. False when the session is over.</summary>
    private async ValueTask<bool> ObeyAsync(ReadOnlyMemory<byte> line)
    {
        var octets = line.Span;
        if (_overlong)
        {
            _overlong = false;
            return Refuse("500 5.5.2 Line too long\r\n"u8);
        }
        if (_early && !Options.Pipelining)
        {
            _early = false;
            return Refuse("503 5.5.0 Improper use of command pipelining\r\n"u8);
        }
        _early = _start < _end && !octets.StartsWith("BDAT"u8);
        var space = octets.IndexOf((byte)' ');
        var verb = space < 0 ? octets : octets[..space];
        var argument = space < 0 ? [] : octets[(space + 1)..].Trim((byte)' ');
        if (Is(verb, "MAIL"u8))
        {
            return Path(argument, "FROM:"u8) is { } mail && (Options.Dsn && Options.SmtpUtf8 && Options.EightBitMime && Options.Size == 0 || Parameters(mail, true))
                ? await MailAsync(mail)
                : Refuse("555 5.5.4 MAIL FROM:<reverse-path> with parameters that are offered\r\n"u8);
        }
        if (Is(verb, "RCPT"u8))
        {
            return Path(argument, "TO:"u8) is { } rcpt && (Options.Dsn || Parameters(rcpt, false))
                ? await RcptAsync(rcpt)
                : Refuse("555 5.5.4 RCPT TO:<forward-path> with parameters that are offered\r\n"u8);
        }
        if (Is(verb, "DATA"u8))
        {
            return _recipients.Count == 0 || _inChunks
                ? Refuse(_inChunks || _mail is null ? "503 5.5.1 Not now\r\n"u8 : "554 5.5.1 No valid recipients\r\n"u8)
                : await MeetAsync(SinkStep.Data, GoOn) switch
                {
                    Met.Normal => BeginData(),
                    Met.Closed => false,
                    _ => true,
                };
        }
        if (Is(verb, "BDAT"u8) && Options.Chunking)
        {
            if (TryBeginChunk(argument))
            {
                return true;
            }
            await FlushAsync();
            return false;
        }
        if (Is(verb, "EHLO"u8) || Is(verb, "HELO"u8))
        {
            var step = (verb[0] | 0x20) == 'e' ? SinkStep.Ehlo : SinkStep.Helo;
            Reset();
            _client = Encoding.Latin1.GetString(argument);
            return await MeetAsync(step, step == SinkStep.Ehlo ? _hello ??= Hello() : Text($"250 {Options.Hostname}\r\n")) != Met.Closed;
        }
        if (Is(verb, "RSET"u8))
        {
            Reset();
            return await MeetAsync(SinkStep.Rset, Ok) != Met.Closed;
        }
        if (Is(verb, "QUIT"u8))
        {
            if (await MeetAsync(SinkStep.Quit, Bye) != Met.Closed)
            {
                await FlushAsync();
            }
            return false;
        }
        if (Is(verb, "NOOP"u8))
        {
            _output.Write(Ok);
            return true;
        }
        return Refuse("500 5.5.2 Unknown command\r\n"u8);
    }

    private async ValueTask<bool> MailAsync(string mail)
    {
        if (_mail is not null)
        {
            return Refuse("503 5.5.1 A transaction is open\r\n"u8);
        }
        _armed.Clear();
        Arm(mail);
        if (Options.Size > 0 && DeclaredSize(mail) > Options.Size)
        {
            return Refuse("552 5.3.4 Too large\r\n"u8);
        }
        var met = await MeetAsync(SinkStep.Mail, SenderOk);
        _mail = met == Met.Normal ? mail : null;
        return met != Met.Closed;
    }

    private async ValueTask<bool> RcptAsync(string rcpt)
    {
        if (_mail is null || _inChunks)
        {
            return Refuse("503 5.5.1 MAIL first\r\n"u8);
        }
        if (Options.MaxRecipients > 0 && _recipients.Count >= Options.MaxRecipients)
        {
            return Refuse("452 4.5.3 Too many recipients\r\n"u8);
        }
        var before = _armed.Count;
        Arm(rcpt);
        var met = await MeetAsync(SinkStep.Rcpt, RecipientOk);
        if (met == Met.Normal)
        {
            _recipients.Add(rcpt);
        }
        // What this address asks for later counts only if it was taken; what it asks for at RCPT was for itself.
        while (_armed.Count > before && (met != Met.Normal || _armed[^1].Step == SinkStep.Rcpt))
        {
            _armed.RemoveAt(_armed.Count - 1);
        }
        return met != Met.Closed;
    }

    private void Reset()
    {
        _mail = null;
        _recipients.Clear();
        _inChunks = false;
        _capture?.Dispose();
        _capture = null;
        _length = 0;
    }

    private byte[] Hello()
    {
        List<string> lines = [Options.Hostname];
        lines.AddRange(Options.Pipelining ? ["PIPELINING"] : []);
        lines.Add(Options.Size > 0 ? string.Create(CultureInfo.InvariantCulture, $"SIZE {Options.Size}") : "SIZE");
        lines.AddRange(Options.EightBitMime ? ["8BITMIME"] : []);
        lines.AddRange(Options.SmtpUtf8 ? ["SMTPUTF8"] : []);
        lines.AddRange(Options.Dsn ? ["DSN"] : []);
        lines.AddRange(Options.Chunking ? ["CHUNKING"] : []);
        lines.Add("ENHANCEDSTATUSCODES");
        return Text(string.Concat(lines.Select((line, i) => $"250{(i == lines.Count - 1 ? ' ' : '-')}{line}\r\n")));
    }

    /// <summary>What stands after <c>FROM:</c> or <c>TO:</c>, if it begins with a path in angle brackets.</summary>
    private static string? Path(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> before) =>
        argument.Length > before.Length && Is(argument[..before.Length], before) && argument[before.Length..].TrimStart((byte)' ') is [(byte)'<', ..] path && path.IndexOf((byte)'>') > 0
            ? Encoding.UTF8.GetString(path)
            : null;

    /// <summary>Whether all parameters belong to extensions that are offered.</summary>
    private bool Parameters(string argument, bool mail)
    {
        foreach (var parameter in argument[(argument.LastIndexOf('>') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = parameter.Split('=')[0].ToUpperInvariant();
            var known = mail
                ? name switch
                {
                    "SIZE" => true,
                    "BODY" => Options.EightBitMime,
                    "SMTPUTF8" => Options.SmtpUtf8,
                    "RET" or "ENVID" => Options.Dsn,
                    _ => false,
                }
                : name is "NOTIFY" or "ORCPT" && Options.Dsn;
            if (!known)
            {
                return false;
            }
        }
        return true;
    }

    private static long DeclaredSize(string mail) =>
        mail.IndexOf(" SIZE=", StringComparison.OrdinalIgnoreCase) is var found and >= 0
            && long.TryParse(mail.AsSpan(found + 6).TrimStart() is var rest && rest.IndexOf(' ') is var end and >= 0 ? rest[..end] : rest, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : 0;

    private static bool Is(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(verb, name);
}
