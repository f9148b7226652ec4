using System.Buffers;
using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

public class LineReaderTests
{
    public static TheoryData<string, string, string[]> Streams => new()
    {
        { "RFC 5321 2.3.8: CRLF ends a line", "NOOP\r\nQUIT\r\n", ["Line NOOP", "Line QUIT"] },
        { "an empty line is a line", "\r\n\r\n", ["Line ", "Line "] },
        { "a CR alone does not end one", "NO\rOP\r\n\r\r\n", ["Line NO\rOP", "Line \r"] },
        { "an LF alone ends one that is refused, with what follows up to CRLF", "EHLO a\nMAIL\r\nNOOP\r\n", ["BareLineFeed EHLO a", "BareLineFeed MAIL", "Line NOOP"] },
        { "LF after LF", "a\nb\nc\n", ["BareLineFeed a", "BareLineFeed b", "BareLineFeed c"] },
        { "an LF first", "\nNOOP\r\n", ["BareLineFeed ", "BareLineFeed NOOP"] },
        { "RFC 5321 4.5.3.1.4: a line of just the limit", "12345678901234567890123456789\r\nNOOP\r\n", ["Line 12345678901234567890123456789", "Line NOOP"] },
        { "RFC 5321 4.5.3.1.9: one over the limit", "123456789012345678901234567890\r\nNOOP\r\n", ["TooLong ", "Line NOOP"] },
        { "far over the limit", "1234567890123456789012345678901234567890\r12345678901234567890123456789012345678901234567890\r\nNOOP\r\n", ["TooLong ", "Line NOOP"] },
        { "over the limit with an LF", "12345678901234567890123456789012345678901234567890\nNOOP\r\nRSET\r\n", ["TooLong ", "BareLineFeed NOOP", "Line RSET"] },
        { "a line without end", "NOOP\r\nQUI", ["Line NOOP"] },
    };

    [Theory, MemberData(nameof(Streams))]
    public void Reads_the_same_lines_however_they_arrive(string rule, string stream, string[] lines)
    {
        var octets = Encoding.ASCII.GetBytes(stream);
        foreach (var cuts in Transfer.Cuts(octets.Length))
        {
            Assert.Equal((rule, string.Join('|', lines)), (rule, string.Join('|', Read(octets, cuts, limit: 31))));
        }
    }

    [Fact]
    public void Says_how_far_it_looked_and_keeps_what_may_become_a_line()
    {
        var reader = new LineReader(100);
        var input = new ReadOnlySequence<byte>("NOOP\r"u8.ToArray());
        Assert.Equal(LineStatus.Incomplete, reader.Read(input, out _, out var consumed, out var examined));
        Assert.Equal((input.Start, input.End), (consumed, examined));

        input = new ReadOnlySequence<byte>("NOOP\r\nQUIT"u8.ToArray());
        Assert.Equal(LineStatus.Line, reader.Read(input, out _, out consumed, out examined));
        Assert.Equal((6, 6), (consumed.GetInteger(), examined.GetInteger()));
    }

    [Fact]
    public void Keeps_nothing_of_a_line_that_is_too_long()
    {
        var reader = new LineReader(10);
        var input = new ReadOnlySequence<byte>(new byte[1000]);
        for (var more = 0; more < 3; more++)
        {
            Assert.Equal(LineStatus.Incomplete, reader.Read(input, out _, out var consumed, out _));
            Assert.Equal(input.End, consumed);
        }
    }

    [Fact]
    public void Forgets_a_line_begun_before_TLS()
    {
        var reader = new LineReader(10);
        reader.Read(new ReadOnlySequence<byte>(new byte[100]), out _, out _, out _);
        reader.Read(new ReadOnlySequence<byte>("a\n"u8.ToArray()), out _, out _, out _);
        reader.Reset();
        Assert.Equal(LineStatus.Line, reader.Read(new ReadOnlySequence<byte>("NOOP\r\n"u8.ToArray()), out var line, out _, out _));
        Assert.Equal(4, line.Length);
    }

    [Property(MaxTest = 2000)]
    public void Loses_and_invents_no_line(byte[] choices, byte[] cuts, byte limit)
    {
        string[] words = ["\r", "\n", "\r\n", "a", "bc"];
        var stream = string.Concat(choices.Select(choice => words[choice % words.Length]));
        var octets = Encoding.ASCII.GetBytes(stream);
        var whole = Read(octets, [], limit);
        Assert.Equal(whole, Read(octets, cuts.Select(cut => cut % 8), limit));
        Assert.Equal(stream.Count(octet => octet == '\n'), whole.Count);

        // Of two readers, one of which believes in CRLF only, both find the same line wherever this one found one to obey.
        Assert.All(whole.Where(line => line.StartsWith("Line ", StringComparison.Ordinal)), line => Assert.Contains(line[5..], stream.Split("\r\n")));
    }

    /// <summary>Reads as a pipe does: what is not consumed comes again with more.</summary>
    private static List<string> Read(byte[] octets, IEnumerable<int> cuts, int limit)
    {
        var reader = new LineReader(limit);
        var lines = new List<string>();
        var pending = new List<byte[]>();
        var at = 0;
        foreach (var cut in cuts.Append(octets.Length))
        {
            var length = Math.Min(cut, octets.Length - at);
            if (length > 0)
            {
                pending.Add(octets[at..(at + length)]);
            }

            at += length;
            while (true)
            {
                var input = Sequence(pending);
                var status = reader.Read(input, out var line, out var consumed, out _);
                if (status != LineStatus.Incomplete)
                {
                    lines.Add($"{status} {Encoding.ASCII.GetString(line)}");
                }

                var rest = input.Slice(consumed).ToArray();
                pending = rest.Length == 0 ? [] : rest.Length == 1 ? [rest] : [rest[..1], rest[1..]];
                if (status == LineStatus.Incomplete)
                {
                    break;
                }
            }
        }

        return lines;
    }

    private static ReadOnlySequence<byte> Sequence(List<byte[]> pieces)
    {
        if (pieces.Count == 0)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        var first = new Segment(pieces[0], null);
        var last = pieces.Skip(1).Aggregate(first, (before, piece) => new Segment(piece, before));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] octets, Segment? before)
        {
            Memory = octets;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            before?.Next = this;
        }
    }
}
