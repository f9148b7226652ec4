using System.Buffers;
using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Tests.Client;

public class ReplyParserTests
{
    public static TheoryData<string, string, int, string, string> Replies => new()
    {
        { "RFC 5321 4.2: one line", "250 Ok\r\n", 250, "", "Ok" },
        { "RFC 2034: an enhanced code", "250 2.1.5 Ok\r\n", 250, "2.1.5", "Ok" },
        { "RFC 2034 4: the class must be the code's", "250 5.1.5 Ok\r\n", 250, "", "5.1.5 Ok" },
        { "RFC 2034: 354 carries none", "354 2.0.0 go\r\n", 354, "", "2.0.0 go" },
        { "several lines", "250-first\r\n250-second\r\n250 third\r\n", 250, "", "first|second|third" },
        { "several lines, each with its enhanced code", "550-5.7.1 no\r\n550 5.7.1 way\r\n", 550, "5.7.1", "no|way" },
        { "RFC 5321 4.2.1: the text may be missing", "250\r\n", 250, "", "" },
        { "code and space alone", "250 \r\n", 250, "", "" },
        { "a last line of the code alone", "250-a\r\n250\r\n", 250, "", "a|" },
        { "bare LF", "250-a\n250 b\n", 250, "", "a|b" },
        { "an enhanced code alone", "250 2.0.0\r\n", 250, "2.0.0", "" },
        { "numbers of three digits", "550 5.123.456 x\r\n", 550, "5.123.456", "x" },
        { "four digits are no enhanced code", "550 5.1234.1 x\r\n", 550, "", "5.1234.1 x" },
        { "an address is no enhanced code", "421 4.7.0.1 x\r\n", 421, "", "4.7.0.1 x" },
        { "what is not UTF-8", "250 caf\u00e9\r\n", 250, "", "caf\ufffd" },
        { "a CR inside must not forge a line", "550 a\rb\r\n", 550, "", "a\ufffdb" },
        { "NUL", "550 a\0b\r\n", 550, "", "a\ufffdb" },
    };

    [Theory]
    [MemberData(nameof(Replies))]
    public void Reads_a_reply_whole_and_in_any_pieces(string because, string wire, int code, string status, string lines)
    {
        var octets = Encoding.Latin1.GetBytes(wire);
        Assert.True(ReplyParser.Parse(octets.AsSpan(), out var view, out var consumed) == ReplyProgress.Complete, because);
        Assert.Equal(octets.Length, consumed);
        Assert.Equal(code, view.Code);
        Assert.Equal(status, view.Status.IsPresent ? view.Status.ToString() : "");
        Assert.Equal(lines.Split('|'), view.ToReply().Lines);
        for (var cut = 0; cut < octets.Length; cut++)
        {
            Assert.Equal(ReplyProgress.NeedMore, ReplyParser.Parse(octets.AsSpan(0, cut), out _, out _));
            Assert.Equal(ReplyProgress.Complete, ReplyParser.Parse(Sequence(octets, cut), out var pieced, out var same));
            Assert.Equal(consumed, same);
            Assert.Equal(view.ToReply().ToString(), pieced.ToReply().ToString());
        }
    }

    public static TheoryData<string, string, ReplyProgress> NoReplies => new()
    {
        { "another protocol", "<html>\r\n", ReplyProgress.NoReply },
        { "another protocol that sends no line end", "HTTP", ReplyProgress.NoReply },
        { "an empty line", "\r\n", ReplyProgress.NoReply },
        { "a code of two digits", "25 Ok\r\n", ReplyProgress.NoReply },
        { "a code of four digits", "2500 Ok\r\n", ReplyProgress.NoReply },
        { "below 200", "100 wait\r\n", ReplyProgress.NoReply },
        { "over 599", "600 no\r\n", ReplyProgress.NoReply },
        { "a tab for a space", "250\tOk\r\n", ReplyProgress.NoReply },
        { "two codes in one reply", "250-a\r\n550 b\r\n", ReplyProgress.MixedCodes },
        { "text between the lines of a reply", "250-a\r\nwell\r\n250 b\r\n", ReplyProgress.NoReply },
        { "an endless line", "250 " + new string('x', ReplyParser.MaxLine), ReplyProgress.TooLong },
        { "a line past the limit", "250 " + new string('x', ReplyParser.MaxLine) + "\r\n", ReplyProgress.TooLong },
        { "endless lines", string.Concat(Enumerable.Repeat("250-a\r\n", 100)) + "250 b\r\n", ReplyProgress.TooLong },
        { "too many octets in all", string.Concat(Enumerable.Repeat("250-" + new string('x', 2000) + "\r\n", 17)), ReplyProgress.TooLong },
    };

    [Theory]
    [MemberData(nameof(NoReplies))]
    public void Says_what_is_no_reply(string because, string wire, ReplyProgress expected) =>
        Assert.True(ReplyParser.Parse(Encoding.Latin1.GetBytes(wire).AsSpan(), out _, out _) == expected, because);

    [Fact]
    public void Takes_a_long_line_and_a_hundred_lines()
    {
        var wire = string.Concat(Enumerable.Repeat("250-a\r\n", 99)) + "250 " + new string('x', ReplyParser.MaxLine - 10) + "\r\n";
        Assert.Equal(ReplyProgress.Complete, ReplyParser.Parse(Encoding.Latin1.GetBytes(wire).AsSpan(), out var reply, out _));
        Assert.Equal(100, reply.ToReply().Lines.Length);
    }

    [Fact]
    public void Leaves_the_next_reply_alone()
    {
        var wire = "250 2.1.0 Ok\r\n550 5.1.1 no\r\n"u8;
        Assert.Equal(ReplyProgress.Complete, ReplyParser.Parse(wire, out var first, out var consumed));
        Assert.Equal(250, first.Code);
        Assert.Equal(ReplyProgress.Complete, ReplyParser.Parse(wire[consumed..], out var second, out _));
        Assert.Equal(550, second.Code);
    }

    [Property]
    public bool Never_throws(byte[] octets)
    {
        var progress = ReplyParser.Parse(octets.AsSpan(), out var reply, out var consumed);
        return progress == ReplyProgress.Complete ? consumed > 0 && reply.ToReply().Lines.Length > 0 : consumed == 0;
    }

    [Property]
    public bool Never_throws_on_what_is_nearly_a_reply(byte[] noise, bool more)
    {
        byte[] octets = [.. more ? "250-"u8 : "451 4."u8, .. noise, .. "\r\n250 4.5.6 \r\n"u8];
        return ReplyParser.Parse(octets.AsSpan(), out var reply, out _) != ReplyProgress.Complete || reply.ToReply().Lines.All(line => !line.Any(char.IsControl));
    }

    [Fact]
    public void Gives_the_same_object_for_the_same_reply_and_another_for_another()
    {
        var cache = new ReplyCache();
        var first = Cached(cache, "250 2.0.0 Ok\r\n");
        Assert.Same(first, Cached(cache, "250 2.0.0 Ok\r\n"));
        Assert.Equal("250 2.0.0 Ok: 17", Cached(cache, "250 2.0.0 Ok: 17\r\n").ToString());
    }

    [Fact]
    public void Reads_a_usual_positive_reply_without_an_allocation()
    {
        var cache = new ReplyCache();
        Cached(cache, "250 2.0.0 Ok\r\n");
        var wire = "250 2.0.0 Ok\r\n"u8;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            ReplyParser.Parse(wire, out var view, out _);
            cache.Get(view);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Reply Cached(ReplyCache cache, string wire)
    {
        ReplyParser.Parse(Encoding.UTF8.GetBytes(wire).AsSpan(), out var view, out _);
        return cache.Get(view);
    }

    private static ReadOnlySequence<byte> Sequence(byte[] octets, int cut)
    {
        var first = new Segment(octets.AsMemory(0, cut), 0);
        var second = new Segment(octets.AsMemory(cut), cut);
        first.Follow(second);
        return new(first, 0, second, octets.Length - cut);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public void Follow(Segment next) => Next = next;
    }
}
