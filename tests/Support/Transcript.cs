using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Xunit;

namespace MailCluster.Support;

/// <summary>
/// A conversation with a server, as a file. <c>C: line</c> is sent with CRLF, <c>C~ octets</c> without, <c>\r \n \t \0 \xHH \\</c> standing for octets;
/// <c>S: pattern</c> is a line the server must send, <c>*</c> standing for anything; <c>-- server closes</c> and <c>-- client closes</c>; <c>#</c> begins a comment.
/// </summary>
public sealed class Transcript
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private Transcript(string name, IReadOnlyList<TranscriptStep> steps) => (Name, Steps) = (name, steps);

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>What happens, in order.</summary>
    public IReadOnlyList<TranscriptStep> Steps { get; }

    /// <summary>Reads a file.</summary>
    public static Transcript Load(string path) => Parse(Path.GetFileNameWithoutExtension(path), File.ReadAllLines(path));

    /// <summary>Reads lines.</summary>
    public static Transcript Parse(string name, IReadOnlyList<string> lines)
    {
        var steps = new List<TranscriptStep>();
        for (var i = 0; i < lines.Count; i++)
        {
            var (number, line) = (i + 1, lines[i]);
            TranscriptStep? step = line switch
            {
                "" or ['#', ..] => null,
                "C:" => new TranscriptStep.Send(number, "\r\n"u8.ToArray()),
                _ when line.StartsWith("C: ", StringComparison.Ordinal) => new TranscriptStep.Send(number, Encoding.UTF8.GetBytes(line[3..] + "\r\n")),
                _ when line.StartsWith("C~ ", StringComparison.Ordinal) => new TranscriptStep.Send(number, Unescape(line[3..])),
                _ when line.StartsWith("S: ", StringComparison.Ordinal) => new TranscriptStep.Expect(number, line[3..]),
                "-- server closes" => new TranscriptStep.ServerCloses(number),
                "-- client closes" => new TranscriptStep.ClientCloses(number),
                _ => throw new FormatException($"{name}:{number}: {line}"),
            };
            if (step is not null)
            {
                steps.Add(step);
            }
        }
        return new(name, steps);
    }

    /// <summary>Plays the client's part and checks the server's.</summary>
    public async Task ReplayAsync(IDuplexPipe server, Chunking chunking)
    {
        using var patience = new CancellationTokenSource(s_patience);
        if (chunking == Chunking.Whole)
        {
            var all = Steps.TakeWhile(step => step is not TranscriptStep.ClientCloses).OfType<TranscriptStep.Send>().SelectMany(step => step.Octets).ToArray();
            await server.Output.WriteAsync(all, patience.Token).ConfigureAwait(false);
        }
        foreach (var step in Steps)
        {
            switch (step)
            {
                case TranscriptStep.Send when chunking == Chunking.Whole:
                    break;
                case TranscriptStep.Send send when chunking == Chunking.ByLine:
                    await server.Output.WriteAsync(send.Octets, patience.Token).ConfigureAwait(false);
                    break;
                case TranscriptStep.Send send:
                    for (var i = 0; i < send.Octets.Length; i++)
                    {
                        await server.Output.WriteAsync(send.Octets.AsMemory(i, 1), patience.Token).ConfigureAwait(false);
                    }
                    break;
                case TranscriptStep.Expect expect:
                    var line = await ReadLineAsync(server.Input, $"{Name}:{step.Line}: expected {expect.Pattern}", patience.Token).ConfigureAwait(false);
                    Assert.True(line is not null && Matches(line, expect.Pattern), $"{Name}:{step.Line}: expected {expect.Pattern} but got {line ?? "the end"}");
                    break;
                case TranscriptStep.ServerCloses:
                    var more = await ReadLineAsync(server.Input, $"{Name}:{step.Line}: expected the end", patience.Token).ConfigureAwait(false);
                    Assert.True(more is null, $"{Name}:{step.Line}: expected the end but got {more}");
                    break;
                case TranscriptStep.ClientCloses:
                    await server.Output.CompleteAsync().ConfigureAwait(false);
                    break;
                default:
                    throw new InvalidOperationException(step.ToString());
            }
        }
    }

    /// <summary>Reads a line without its CRLF; null at the end.</summary>
    public static async Task<string?> ReadLineAsync(PipeReader input, string what, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(cancellation).ConfigureAwait(false);
                var reader = new System.Buffers.SequenceReader<byte>(read.Buffer);
                if (reader.TryReadTo(out System.Buffers.ReadOnlySequence<byte> line, "\r\n"u8))
                {
                    var text = Encoding.UTF8.GetString(line);
                    input.AdvanceTo(reader.Position);
                    return text;
                }
                if (read.IsCompleted)
                {
                    Assert.True(read.Buffer.IsEmpty, $"{what}: the server's last line has no end");
                    input.AdvanceTo(read.Buffer.End);
                    return null;
                }
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what}: nothing came");
            throw;
        }
    }

    /// <summary>True where the text reads like the pattern.</summary>
    public static bool Matches(string text, string pattern)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return text == pattern;
        }
        if (!text.StartsWith(parts[0], StringComparison.Ordinal))
        {
            return false;
        }
        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            at = text.IndexOf(part, at, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }
            at += part.Length;
        }
        return text.Length - parts[^1].Length >= at && text.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    private static byte[] Unescape(string text)
    {
        var octets = new MemoryStream();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                octets.Write(Encoding.UTF8.GetBytes(text, i, char.IsHighSurrogate(text[i]) ? 2 : 1));
                i += char.IsHighSurrogate(text[i]) ? 1 : 0;
                continue;
            }
            i++;
            switch (text[i])
            {
                case 'r': octets.WriteByte((byte)'\r'); break;
                case 'n': octets.WriteByte((byte)'\n'); break;
                case 't': octets.WriteByte((byte)'\t'); break;
                case '0': octets.WriteByte(0); break;
                case '\\': octets.WriteByte((byte)'\\'); break;
                case 'x':
                    octets.WriteByte(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    i += 2;
                    break;
                default: throw new FormatException($"\\{text[i]}");
            }
        }
        return octets.ToArray();
    }
}
