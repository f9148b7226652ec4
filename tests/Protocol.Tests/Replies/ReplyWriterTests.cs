using System.Buffers;
using System.Reflection;
using System.Text;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using Texts = MailCluster.Protocol.Replies.Replies;

namespace MailCluster.Protocol.Tests.Replies;

public class ReplyWriterTests
{
    [Fact]
    public void A_reply_of_one_line_has_code_status_and_text() => Assert.Equal("550 5.7.1 No\r\n", Written(new(550, new(5, 7, 1), "No")));

    [Fact]
    public void Every_line_but_the_last_has_a_hyphen_and_every_line_the_status() =>
        Assert.Equal("451-4.3.0 a\r\n451-4.3.0 b\r\n451 4.3.0 c\r\n", Written(new(451, new(4, 3, 0), ["a", "b", "c"])));

    [Fact]
    public void Without_a_status_there_is_none() => Assert.Equal("250-a\r\n250 b\r\n", Written(new(250, default, ["a", "b"])));

    [Fact]
    public void Text_cannot_end_the_line() => Assert.Equal("501 5.5.4 a??b\r\n", Written(new(501, new(5, 5, 4), "a\r\nb")));

    [Fact]
    public void A_queue_id_stands_at_the_end_of_the_line()
    {
        var output = new ArrayBufferWriter<byte>();
        ReplyWriter.Write(output, Texts.Queued, "0123456789abcdef-1");
        Assert.Equal("250 2.0.0 Ok: queued as 0123456789abcdef-1\r\n", Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Replies_are_equal_when_they_read_the_same()
    {
        Reply one = new(250, default, ["a", "b"]), other = new(250, default, ["a", "b"]);
        _ = Written(one);
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, other with { Lines = ["a", "c"] });
        Assert.Equal("250-a\r\n250 c\r\n", Written(one with { Lines = ["a", "c"] }));
    }

    [Fact]
    public void Every_reply_we_send_has_an_enhanced_code_of_its_own_class_but_354()
    {
        var all = typeof(Texts).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(property => (Reply)property.GetValue(null)!)
            .Concat(Enum.GetValues<ContentFault>().Skip(1).Select(fault => Texts.For(fault, 998))).ToList();
        Assert.True(all.Count > 25);
        foreach (var reply in all)
        {
            Assert.True(reply.Code == 354 ? !reply.Status.IsPresent : reply.Status.Class == reply.Code / 100, reply.ToString());
            Assert.All(reply.Lines, line => Assert.True(Ascii.IsValid(line) && line.Length < 200));
        }
    }

    [Fact]
    public void EHLO_tells_what_is_offered_and_nothing_else() => Assert.Equal(
        ["relay.example.net", "PIPELINING", "SIZE 1000", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "LIMITS RCPTMAX=50 MAILMAX=7", "HELP"],
        new SessionRules("relay.example.net", 1000, 50, 7, 20, 998).Ehlo.Lines);

    private static string Written(Reply reply)
    {
        var output = new ArrayBufferWriter<byte>();
        ReplyWriter.Write(output, reply);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
