using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Events;

/// <summary>Turns fates into JSON lines (schema version 1) in a buffer. Used by one thread.</summary>
internal sealed class FateEventFormatter : IDisposable
{
    private const int LongestContent = 2000;

    private static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Sender = JsonEncodedText.Encode("sender");
    private static readonly JsonEncodedText Recipient = JsonEncodedText.Encode("recipient");
    private static readonly JsonEncodedText Recipients = JsonEncodedText.Encode("nrcpt");
    private static readonly JsonEncodedText Destination = JsonEncodedText.Encode("destination");
    private static readonly JsonEncodedText Site = JsonEncodedText.Encode("site");
    private static readonly JsonEncodedText PeerName = JsonEncodedText.Encode("peer_name");
    private static readonly JsonEncodedText PeerAddress = JsonEncodedText.Encode("peer_address");
    private static readonly JsonEncodedText Tls = JsonEncodedText.Encode("tls");
    private static readonly JsonEncodedText Response = JsonEncodedText.Encode("response");
    private static readonly JsonEncodedText Code = JsonEncodedText.Encode("code");
    private static readonly JsonEncodedText EnhancedCode = JsonEncodedText.Encode("enhanced_code");
    private static readonly JsonEncodedText Content = JsonEncodedText.Encode("content");
    private static readonly JsonEncodedText Class = JsonEncodedText.Encode("bounce_class");
    private static readonly JsonEncodedText Attempts = JsonEncodedText.Encode("num_attempts");
    private static readonly JsonEncodedText TimeInQueue = JsonEncodedText.Encode("time_in_queue");
    private static readonly JsonEncodedText NextAttempt = JsonEncodedText.Encode("next_attempt");
    private static readonly JsonEncodedText Size = JsonEncodedText.Encode("size");
    private static readonly JsonEncodedText Session = JsonEncodedText.Encode("session");
    private static readonly JsonEncodedText Node = JsonEncodedText.Encode("node");
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode("version");
    private static readonly JsonEncodedText Lines = JsonEncodedText.Encode("lines");
    private static readonly JsonEncodedText DroppedType = JsonEncodedText.Encode("Dropped");
    private static readonly JsonEncodedText[] Classes = [.. Enum.GetNames<BounceClass>().Select(name => JsonEncodedText.Encode(name))];
    private static readonly JsonEncodedText[] Types = [.. Enum.GetNames<FateEventType>().Select(name => JsonEncodedText.Encode(name))];

    private readonly ArrayBufferWriter<byte> _buffer = new(80 << 10);
    private readonly Utf8JsonWriter _json;
    private readonly JsonEncodedText _node;

    public FateEventFormatter(string node)
    {
        // Relaxed: lines are read by programs, not put into HTML. Validation is for those who nest by hand.
        _json = new(_buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        _node = JsonEncodedText.Encode(node, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
    }

    /// <summary>The lines since <see cref="Clear"/>, each with its LF.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    public void Append(in FateEvent fate)
    {
        Begin(Types[(int)fate.Type], fate.At);
        if (fate.Id.IsPresent)
        {
            Span<char> id = stackalloc char[40];
            id.TryWrite(CultureInfo.InvariantCulture, $"{fate.Id.Spool:x16}-{fate.Id.Number:x}", out var length);
            _json.WriteString(Id, id[..length]);
        }
        Text(Sender, fate.Sender);
        Text(Recipient, fate.Recipient);
        if (fate.Recipients > 0)
        {
            _json.WriteNumber(Recipients, fate.Recipients);
        }
        Text(Destination, fate.Destination);
        Text(Site, fate.Site);
        Text(PeerName, fate.PeerName);
        Text(PeerAddress, fate.PeerAddress);
        Text(Tls, fate.Tls);
        Reply(fate.Reply);
        if (fate.Type is FateEventType.TransientFailure or FateEventType.Bounce && fate.Reply is { } refusal)
        {
            _json.WriteString(Class, Classes[(int)BounceClasses.Of(refusal)]);
        }
        if (fate.Attempts > 0)
        {
            _json.WriteNumber(Attempts, fate.Attempts);
        }
        if (fate.Type is not (FateEventType.Reception or FateEventType.Rejection))
        {
            _json.WriteNumber(TimeInQueue, Math.Round(fate.InQueue.TotalSeconds, 3));
        }
        if (fate.NextAttempt is { } next)
        {
            Moment(NextAttempt, next);
        }
        if (fate.Id.IsPresent)
        {
            _json.WriteNumber(Size, fate.Size);
        }
        Text(Session, fate.Session);
        End();
    }

    /// <summary>Says that lines are missing here, and how many.</summary>
    public void AppendDropped(long lines, DateTimeOffset at)
    {
        Begin(DroppedType, at);
        _json.WriteNumber(Lines, lines);
        End();
    }

    public void Dispose() => _json.Dispose();

    private void Begin(JsonEncodedText type, DateTimeOffset at)
    {
        _json.WriteStartObject();
        _json.WriteString(Type, type);
        Moment(Time, at);
    }

    private void End()
    {
        _json.WriteString(Node, _node);
        _json.WriteNumber(Version, 1);
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _buffer.GetSpan(1)[0] = (byte)'\n';
        _buffer.Advance(1);
    }

    private void Text(JsonEncodedText name, string? value)
    {
        if (value is not null)
        {
            _json.WriteString(name, value);
        }
    }

    private void Reply(Protocol.Replies.Reply? reply)
    {
        if (reply is null)
        {
            return;
        }
        _json.WriteStartObject(Response);
        _json.WriteNumber(Code, reply.Code);
        if (reply.Status.IsPresent)
        {
            Span<char> status = stackalloc char[24];
            status.TryWrite(CultureInfo.InvariantCulture, $"{reply.Status.Class}.{reply.Status.Subject}.{reply.Status.Detail}", out var length);
            _json.WriteString(EnhancedCode, status[..length]);
        }
        var content = reply.Lines is [var only] ? only : string.Join('\n', reply.Lines);
        _json.WriteString(Content, content.AsSpan(0, Math.Min(content.Length, LongestContent)));
        _json.WriteEndObject();
    }

    private void Moment(JsonEncodedText name, DateTimeOffset at)
    {
        // RFC 3339 with milliseconds, written by hand: a custom format string costs a third of the whole line.
        var time = at.UtcDateTime;
        Span<char> text = ['0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0', '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'];
        Digits(text[..4], time.Year);
        Digits(text[5..7], time.Month);
        Digits(text[8..10], time.Day);
        Digits(text[11..13], time.Hour);
        Digits(text[14..16], time.Minute);
        Digits(text[17..19], time.Second);
        Digits(text[20..23], time.Millisecond);
        _json.WriteString(name, text);
    }

    private static void Digits(Span<char> text, int number)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (char)('0' + number % 10);
            number /= 10;
        }
    }
}
