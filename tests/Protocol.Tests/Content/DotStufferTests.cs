using System.Buffers;
using System.Text;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

public class DotStufferTests
{
    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("..\r\n.a\r\nb.\r\n", "...\r\n..a\r\nb.\r\n.\r\n")]
    [InlineData("a\r\n.\r\n\r\n.", "a\r\n..\r\n\r\n..\r\n.\r\n")]
    [InlineData("\r\n\r\n", "\r\n\r\n.\r\n")]
    public void Doubles_a_lines_first_dot_and_ends_the_data_however_the_content_is_cut(string content, string wire)
    {
        var octets = Encoding.ASCII.GetBytes(content);
        foreach (var cuts in Transfer.Cuts(octets.Length))
        {
            var output = new ArrayBufferWriter<byte>();
            var stuffer = default(DotStuffer);
            var at = 0;
            foreach (var cut in cuts)
            {
                stuffer.Write(octets.AsSpan(at, cut), output);
                at += cut;
            }

            stuffer.Write(octets.AsSpan(at), output);
            stuffer.End(output);
            Assert.Equal(wire, Encoding.ASCII.GetString(output.WrittenSpan));
        }
    }

    [Theory]
    [InlineData("a\n.\nb")]
    [InlineData("a\n.\r\nb")]
    [InlineData("\n.")]
    public void Lets_no_dot_alone_follow_a_bare_line_feed_should_content_hold_one(string content)
    {
        var output = new ArrayBufferWriter<byte>();
        var stuffer = default(DotStuffer);
        stuffer.Write(Encoding.ASCII.GetBytes(content), output);
        Assert.Contains("\n..", Encoding.ASCII.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Begins_anew_after_the_end()
    {
        var output = new ArrayBufferWriter<byte>();
        var stuffer = default(DotStuffer);
        stuffer.Write("a"u8, output);
        stuffer.End(output);
        stuffer.Write(".b\r\n"u8, output);
        stuffer.End(output);
        Assert.Equal("a\r\n.\r\n..b\r\n.\r\n", Encoding.ASCII.GetString(output.WrittenSpan));
    }
}
