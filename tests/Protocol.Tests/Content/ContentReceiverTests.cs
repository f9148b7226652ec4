using System.Buffers;
using System.Text;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

public class ContentReceiverTests
{
    private const string Header = "Subject: s\r\n\r\n";

    public static TheoryData<string, string, string> Dots => new()
    {
        { "RFC 5321 4.1.1.4: content may be empty", ".\r\n", "" },
        { "RFC 5321 4.1.1.4: the CRLF before the dot belongs to the content", "a\r\n.\r\n", "a\r\n" },
        { "RFC 5321 4.5.2: a first dot goes where there is more", "..\r\n.\r\n", ".\r\n" },
        { "RFC 5321 4.5.2: whatever more there is", ".a\r\n.\r\n", "a\r\n" },
        { "RFC 5321 4.5.2: one dot only", "....\r\n.\r\n", "...\r\n" },
        { "RFC 5321 4.5.2: dots inside a line stay", "a..\r\nb.c\r\n.\r\n", "a..\r\nb.c\r\n" },
        { "RFC 5321 4.5.2: on every line", "..\r\n..\r\n\r\n..b\r\n.\r\n", ".\r\n.\r\n\r\n.b\r\n" },
        { "an empty line is no end", "\r\n\r\n.\r\n", "\r\n\r\n" },
        { "a dot and blanks is no end", ". \r\n.\r\n", " \r\n" },
    };

    [Theory, MemberData(nameof(Dots))]
    public void Undoes_dots_and_ends_at_the_one_end_however_it_is_cut(string rule, string wire, string content)
    {
        foreach (var cuts in Transfer.Cuts(wire.Length))
        {
            var transfer = Transfer.Data(wire + "QUIT\r\n", Transfer.Limits, cuts);
            Assert.True(transfer is { Progress: ContentProgress.Complete, Fault: ContentFault.None } && transfer.Consumed == wire.Length && transfer.Text == content, $"{rule}: {transfer}");
            Assert.Equal(content.StartsWith('.') || content.Contains("\r\n.", StringComparison.Ordinal), transfer.Traits.HasFlag(ContentTraits.HasLeadingDot));
        }
    }

    public static TheoryData<string, string, ContentFault> Smuggled => new()
    {
        { "LF . LF", "\n.\n", ContentFault.BareLineFeed },
        { "LF . CRLF", "\n.\r\n", ContentFault.BareLineFeed },
        { "CRLF . LF", "\r\n.\n", ContentFault.BareLineFeed },
        { "CR . CR", "\r.\r", ContentFault.BareCarriageReturn },
        { "CR . CRLF", "\r.\r\n", ContentFault.BareCarriageReturn },
        { "CRLF . CR", "\r\n.\ra", ContentFault.BareCarriageReturn },
        { "CR . LF", "\r.\n", ContentFault.BareCarriageReturn },
        { "LF . CR", "\n.\ra", ContentFault.BareLineFeed },
        { "CR CRLF . CR CRLF", "\r\r\n.\r\r\n", ContentFault.BareCarriageReturn },
        { "CRLF . CR CRLF", "\r\n.\r\r\n", ContentFault.BareCarriageReturn },
        { "CRLF NUL . CRLF", "\r\n\0.\r\n", ContentFault.Nul },
        { "CRLF . NUL CRLF", "\r\n.\0\r\n", ContentFault.Nul },
        { "CR NUL LF . CR NUL LF", "\r\0\n.\r\0\n", ContentFault.BareCarriageReturn },
        { "LF CR . LF CR", "\n\r.\n\ra", ContentFault.BareLineFeed },
    };

    [Theory, MemberData(nameof(Smuggled))]
    public void Ends_at_nothing_but_CRLF_dot_CRLF(string name, string sequence, ContentFault fault)
    {
        foreach (var before in new[] { Header + "text", Header + new string('x', 70) + "\r\n" + new string('y', 61) })
        {
            var wire = before + sequence + "MAIL FROM:<smuggled@example.org>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\n.\r\n";
            foreach (var cuts in Transfer.Cuts(wire.Length))
            {
                var transfer = Transfer.Data(wire + "NOOP\r\n", Transfer.Limits, cuts);
                Assert.True(transfer.Progress == ContentProgress.Complete && transfer.Consumed == wire.Length && transfer.Fault == fault, $"{name}: {transfer}");

                var normal = Transfer.Data(wire + "NOOP\r\n", Transfer.Normalizing, cuts);
                Assert.True(normal.Progress == ContentProgress.Complete && normal.Consumed == wire.Length, $"{name}: {normal}");
                AssertNoOtherEnd(normal);
            }
        }
    }

    [Fact]
    public void Sees_an_end_of_data_behind_a_superfluous_CR_but_not_the_message()
    {
        // CR CRLF . CRLF holds CRLF.CRLF, so the transfer ends; the CR before it spoils the message.
        var transfer = Transfer.Data("a\r\r\n.\r\nNOOP\r\n", Transfer.Limits);
        Assert.Equal((ContentProgress.Complete, 7, ContentFault.BareCarriageReturn), (transfer.Progress, transfer.Consumed, transfer.Fault));
        Assert.Equal("a\r\n\r\n", Transfer.Data("a\r\r\n.\r\nNOOP\r\n", Transfer.Normalizing).Text);
    }

    [Theory]
    [InlineData("a\nb\r\n", "a\r\nb\r\n")]
    [InlineData("a\rb\r\n", "a\r\nb\r\n")]
    [InlineData("a\n.\nb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\n..\nb\r\n", "a\r\n..\r\nb\r\n")]
    [InlineData("a\r.\rb\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\r\n.\nb\r\n", "a\r\n\r\nb\r\n")]
    [InlineData("\n\r\n", "\r\n\r\n")]
    [InlineData("\r\r\r\n", "\r\n\r\n\r\n")]
    public void Normalizes_bare_newlines_where_it_is_told_to(string wire, string content)
    {
        foreach (var cuts in Transfer.Cuts(wire.Length))
        {
            var transfer = Transfer.Data(wire + ".\r\n", Transfer.Normalizing, cuts);
            Assert.Equal((ContentFault.None, content), (transfer.Fault, transfer.Text));
            Assert.Equal(ReferenceReceiver.Traits(transfer.Stored), transfer.Traits);
        }
    }

    [Theory]
    [InlineData("a\r\n", "a\r\n", ContentTraits.None)]
    [InlineData("", "", ContentTraits.None)]
    [InlineData("a", "a", ContentTraits.LacksFinalCrlf)]
    [InlineData(".\r\n", ".\r\n", ContentTraits.HasLeadingDot)]
    [InlineData("a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n", ContentTraits.HasLeadingDot)]
    [InlineData("a\r\n..", "a\r\n..", ContentTraits.HasLeadingDot | ContentTraits.LacksFinalCrlf)]
    public void Takes_chunks_as_they_are_wherever_they_are_cut(string content, string stored, ContentTraits traits)
    {
        foreach (var cuts in Transfer.Cuts(content.Length))
        {
            var transfer = Transfer.Chunks(content, Transfer.Limits, cuts);
            Assert.Equal((ContentFault.None, stored, traits), (transfer.Fault, transfer.Text, transfer.Traits));
        }
    }

    [Theory]
    [InlineData("a\r", ContentFault.BareCarriageReturn, "a\r\n")]
    [InlineData("a\n", ContentFault.BareLineFeed, "a\r\n")]
    [InlineData("a\n.\nb", ContentFault.BareLineFeed, "a\r\n.\r\nb")]
    [InlineData("\r", ContentFault.BareCarriageReturn, "\r\n")]
    [InlineData("a\r\n.\r", ContentFault.BareCarriageReturn, "a\r\n.\r\n")]
    public void Refuses_bare_newlines_in_chunks_too(string content, ContentFault fault, string normal)
    {
        foreach (var cuts in Transfer.Cuts(content.Length))
        {
            Assert.Equal(fault, Transfer.Chunks(content, Transfer.Limits, cuts).Fault);
            var transfer = Transfer.Chunks(content, Transfer.Normalizing, cuts);
            Assert.Equal((ContentFault.None, normal), (transfer.Fault, transfer.Text));
        }
    }

    [Theory]
    [InlineData(BareNewlines.Reject)]
    [InlineData(BareNewlines.Normalize)]
    public void Refuses_NUL_in_any_case(BareNewlines bareNewlines) =>
        Assert.Equal(ContentFault.Nul, Transfer.Data(new string('x', 100) + "\0\r\n.\r\n", Transfer.Limits with { BareNewlines = bareNewlines }).Fault);

    [Theory]
    [InlineData(998)]
    [InlineData(70)]
    [InlineData(64)]
    [InlineData(33)]
    [InlineData(32)]
    [InlineData(1)]
    public void Takes_lines_of_just_the_limit_and_not_one_octet_more(int limit)
    {
        // RFC 5322 section 2.1.1; RFC 5321 section 4.5.3.1.6: the stuffing dot does not count.
        var limits = Transfer.Limits with { LineLength = limit };
        foreach (var first in new[] { "x", ".." })
        {
            var line = first + new string('x', limit - 1);
            foreach (var cut in new[] { 0, 1, 2, limit - 1, limit, limit + 1, limit + 2, limit + 3 })
            {
                Assert.Equal(ContentFault.None, Transfer.Data(line + "\r\n" + line + "\r\n.\r\n", limits, cut).Fault);
                Assert.Equal(ContentFault.LineTooLong, Transfer.Data(line + "x\r\n.\r\n", limits, cut).Fault);
                Assert.Equal(ContentFault.LineTooLong, Transfer.Data(line + "\r\n" + line + "\r\n" + line + "x\r\n.\r\n", limits, cut).Fault);
            }
        }
    }

    [Fact]
    public void Takes_content_of_just_the_limit_and_not_one_octet_more()
    {
        var content = Header + string.Concat(Enumerable.Repeat(new string('x', 50) + "\r\n", 20));
        foreach (var cuts in Transfer.Cuts(content.Length))
        {
            Assert.Equal(ContentFault.None, Transfer.Data(content + ".\r\n", Transfer.Limits with { Size = content.Length }, cuts).Fault);
            var transfer = Transfer.Data(content + ".\r\nQUIT\r\n", Transfer.Limits with { Size = content.Length - 1 }, cuts);
            Assert.Equal((ContentFault.TooLarge, ContentProgress.Complete, content.Length + 3, content.Length), (transfer.Fault, transfer.Progress, transfer.Consumed, transfer.Length));
            Assert.True(transfer.Stored.Length < content.Length);
        }
    }

    [Fact]
    public void Counts_through_faults_and_writes_no_more_after_one()
    {
        var wire = "a\r\n\0" + string.Concat(Enumerable.Repeat("..more\r\n", 1000));
        var transfer = Transfer.Data(wire + ".\r\n", Transfer.Limits);
        Assert.Equal((ContentFault.Nul, ContentProgress.Complete, wire.Length + 3), (transfer.Fault, transfer.Progress, transfer.Consumed));
        Assert.Equal(4 + (999 * 7) + 8, transfer.Length);   // The first "..more" stands in the line with the NUL.
        Assert.Equal("a\r\n", transfer.Text);
    }

    public static TheoryData<string, string, int> Hops => new()
    {
        { "a field", "Received: from a\r\n\r\n", 1 },
        { "in any case", "RECEIVED: from a\r\nreceived: from b\r\n\r\n", 2 },
        { "RFC 5322 4.5: blanks before the colon", "Received \t: from a\r\n\r\n", 1 },
        { "no folded line", "Subject: x\r\n Received: no\r\n\tReceived: no\r\n\r\n", 0 },
        { "no longer or shorter name", "Received-SPF: pass\r\nX-Received: a\r\nReceive: a\r\nReceivedd: b\r\n\r\n", 0 },
        { "not inside a value", "Subject: Received: from a\r\n\r\n", 0 },
        { "not in the body", "Subject: x\r\n\r\nReceived: from a\r\n", 0 },
        { "not in a body without header", "Dear all\r\nReceived: from a\r\n", 0 },
        { "not after a line that is no field", "Subject: x\r\nno field\r\nReceived: from a\r\n", 0 },
        { "folded after it", "Received: from a\r\n by b;\r\n now\r\nReceived: from c\r\n\r\n", 2 },
    };

    [Theory, MemberData(nameof(Hops))]
    public void Counts_Received_fields_in_the_header_only(string rule, string content, int hops)
    {
        foreach (var cuts in Transfer.Cuts(content.Length))
        {
            if (hops > 0)
            {
                Assert.Equal((rule, ContentFault.Loop), (rule, Transfer.Data(content + ".\r\n", Transfer.Limits with { ReceivedFields = hops - 1 }, cuts).Fault));
            }

            Assert.Equal((rule, ContentFault.None), (rule, Transfer.Data(content + ".\r\n", Transfer.Limits with { ReceivedFields = hops }, cuts).Fault));
            Assert.Equal((rule, ContentFault.None), (rule, Transfer.Chunks(content, Transfer.Limits with { ReceivedFields = hops }, cuts).Fault));
        }
    }

    [Fact]
    public void Refuses_the_hundred_and_first_hop()
    {
        string Message(int hops) => string.Concat(Enumerable.Repeat("Received: from a.example by b.example with ESMTP id 1234567890;\r\n\tTue, 24 Nov 2026 06:47:00 +0000\r\n", hops)) + Header + ".\r\n";
        Assert.Equal(ContentFault.None, Transfer.Data(Message(100), Transfer.Limits).Fault);
        Assert.Equal(ContentFault.Loop, Transfer.Data(Message(101), Transfer.Limits).Fault);
    }

    [Theory]
    [InlineData("Subject: \u00fc\r\n\r\nbody\r\n", ContentTraits.EightBitHeader)]
    [InlineData("Subject: u\r\n\r\nb\u00fcdy\r\n", ContentTraits.EightBitBody)]
    [InlineData("Subject: u\r\n folded \u00fc and much more text that is long enough for a block\r\n\r\nbody\r\n", ContentTraits.EightBitHeader)]
    [InlineData("b\u00fcdy without a header\r\n", ContentTraits.EightBitBody)]
    [InlineData("Subject: u\r\nL\u00fcge: x\r\n", ContentTraits.EightBitBody)]
    [InlineData("Subject: \u00fc\r\n\r\n\u00fc\r\n", ContentTraits.EightBitBody | ContentTraits.EightBitHeader)]
    [InlineData("Subject: x and much more text that is long enough for a block \u00fc\r\n\r\nbody\r\n", ContentTraits.EightBitHeader)]
    [InlineData("\r\nbody of more than one block, and a last word that is none of ASCII: \u00fc\r\n", ContentTraits.EightBitBody)]
    [InlineData("Subject: x\r\n\r\nbody\r\n", ContentTraits.None)]
    public void Tells_eight_bits_in_the_header_from_those_in_the_body(string content, ContentTraits traits)
    {
        foreach (var cuts in Transfer.Cuts(content.Length))
        {
            Assert.Equal(traits, Transfer.Data(content + ".\r\n", Transfer.Limits, cuts).Traits);
            Assert.Equal(traits, Transfer.Chunks(content, Transfer.Limits, cuts).Traits);
        }
    }

    [Fact]
    public void Gives_the_same_result_for_a_real_message_however_it_is_cut()
    {
        var message = Encoding.Latin1.GetBytes("Received: from a\r\n\tby b\r\nSubject: \u00e4\r\n\r\n" + string.Concat(Enumerable.Range(0, 40).Select(line => (line % 7 == 0 ? ".." : "") + new string('x', line * 3) + "\r\n")) + "\u00e4\r\n.\r\n");
        var whole = Transfer.Data(message, Transfer.Limits);
        Assert.Equal(ContentFault.None, whole.Fault);
        foreach (var cuts in Transfer.Cuts(message.Length))
        {
            Assert.Equal(whole, Transfer.Data(message, Transfer.Limits, cuts));
        }
    }

    [Fact]
    public void Allocates_nothing()
    {
        var message = Encoding.Latin1.GetBytes(Header + string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n..\r\n", 100)) + ".\r\n");
        var output = new ArrayBufferWriter<byte>(1 << 20);
        var receivers = Enumerable.Range(0, 20).Select(_ => new ContentReceiver(Transfer.Limits)).ToArray();
        receivers[0].ReceiveData(message, output, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var receiver in receivers.AsSpan(1))
        {
            receiver.ReceiveData(message, output, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertNoOtherEnd(Transfer transfer)
    {
        var text = transfer.Text;
        for (var at = 0; at < text.Length; at++)
        {
            Assert.True(text[at] != '\n' || (at > 0 && text[at - 1] == '\r'), "a bare LF was stored");
            Assert.True(text[at] != '\r' || (at + 1 < text.Length && text[at + 1] == '\n'), "a bare CR was stored");
        }
    }
}
