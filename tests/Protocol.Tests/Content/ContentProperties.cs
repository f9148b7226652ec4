using System.Buffers;
using System.Text;
using FsCheck.Xunit;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

public class ContentProperties
{
    private static readonly string[] Soup = ["\r", "\n", ".", "a", "\0", "\r\n", "\r\n.", "\r\n.\r"];
    private static readonly string[] NewlineSoup = ["\r", "\n", ".", "a", "\r\n", "\r\n.", "0123456789 0123456789 0123456789 0123456789"];
    private static readonly string[] Clean = ["\r\n", ".", "a", ":", " ", "\r\n.", "\r\n..", "\r\n\r\n", "\u00e4", "Received:", "0123456789 0123456789 0123456789 0123456789"];

    private static byte[] Mix(byte[] choices, string[] words) => Encoding.Latin1.GetBytes(string.Concat(choices.Select(choice => words[choice % words.Length])));

    private static IEnumerable<int> Cuts(byte[] cuts) => cuts.Select(cut => cut % 40);

    private static ContentLimits Lenient(BareNewlines bareNewlines) => new(long.MaxValue, int.MaxValue, int.MaxValue, bareNewlines);

    [Property(MaxTest = 5000)]
    public void Never_ends_but_where_a_search_of_the_whole_finds_the_end(byte[] choices, byte[] cuts)
    {
        var wire = Mix(choices, Soup);
        var expected = ReferenceReceiver.Data(wire);
        var transfer = Transfer.Data(wire, Lenient(BareNewlines.Reject), Cuts(cuts));
        Assert.Equal(expected.Consumed >= 0, transfer.Progress == ContentProgress.Complete);
        if (expected.Consumed >= 0)
        {
            Assert.Equal(expected.Consumed, transfer.Consumed);
            Assert.Equal(expected.Clean, transfer.Fault == ContentFault.None);
        }

        if (expected is { Consumed: >= 0, Clean: true })
        {
            Assert.Equal(expected.Normal, transfer.Stored);
            Assert.Equal(ReferenceReceiver.Traits(transfer.Stored), transfer.Traits);
        }
    }

    [Property(MaxTest = 5000)]
    public void Normalizes_as_a_replacement_in_the_whole_does(byte[] choices, byte[] cuts)
    {
        byte[] wire = [.. Mix(choices, NewlineSoup), .. "\r\n.\r\n"u8];
        var expected = ReferenceReceiver.Data(wire);
        var transfer = Transfer.Data(wire, Lenient(BareNewlines.Normalize), Cuts(cuts));
        Assert.Equal((ContentProgress.Complete, expected.Consumed, ContentFault.None), (transfer.Progress, transfer.Consumed, transfer.Fault));
        Assert.Equal(Encoding.Latin1.GetString(expected.Normal), transfer.Text);
        Assert.Equal(ReferenceReceiver.Traits(transfer.Stored), transfer.Traits);
    }

    [Property(MaxTest = 3000)]
    public void Takes_chunks_as_a_look_at_the_whole_would(byte[] choices, byte[] cuts)
    {
        var content = Mix(choices, Soup);
        var expected = ReferenceReceiver.Chunks(content);
        var strict = Transfer.Chunks(content, Lenient(BareNewlines.Reject), Cuts(cuts));
        Assert.Equal(expected.Clean, strict.Fault == ContentFault.None);
        if (expected.Clean)
        {
            Assert.Equal(content, strict.Stored);
            Assert.Equal(ReferenceReceiver.Traits(content), strict.Traits);
        }

        var lenient = Transfer.Chunks(content, Lenient(BareNewlines.Normalize), Cuts(cuts));
        Assert.Equal(content.Contains((byte)0), lenient.Fault != ContentFault.None);
        if (lenient.Fault == ContentFault.None)
        {
            Assert.Equal(expected.Normal, lenient.Stored);
            Assert.Equal(ReferenceReceiver.Traits(lenient.Stored), lenient.Traits);
        }
    }

    [Property(MaxTest = 3000)]
    public void The_outcome_does_not_depend_on_how_the_transfer_is_cut(byte[] choices, byte[] cuts, bool normalize, byte size, byte lineLength, byte hops)
    {
        byte[] wire = [.. Mix(choices, [.. Soup, .. Clean]), .. "\r\n.\r\n"u8];
        var limits = new ContentLimits(size * 8, lineLength, hops % 4, normalize ? BareNewlines.Normalize : BareNewlines.Reject);
        var whole = Transfer.Data(wire, limits);
        var cut = Transfer.Data(wire, limits, Cuts(cuts));
        Assert.Equal((whole.Progress, whole.Consumed, whole.Fault, whole.Length), (cut.Progress, cut.Consumed, cut.Fault, cut.Length));
        if (whole.Fault == ContentFault.None)
        {
            Assert.Equal(whole, cut);
        }
    }

    [Property(MaxTest = 3000)]
    public void What_is_stuffed_is_received_as_it_was(byte[] choices, byte[] cutsOut, byte[] cutsIn)
    {
        var content = Mix(choices, Clean);
        var wire = new ArrayBufferWriter<byte>();
        var stuffer = default(DotStuffer);
        var rest = content.AsSpan();
        foreach (var cut in Cuts(cutsOut))
        {
            var piece = rest[..Math.Min(cut, rest.Length)];
            stuffer.Write(piece, wire);
            rest = rest[piece.Length..];
        }

        stuffer.Write(rest, wire);
        stuffer.End(wire);
        var transfer = Transfer.Data(wire.WrittenSpan, Lenient(BareNewlines.Reject), Cuts(cutsIn));
        Assert.Equal((ContentProgress.Complete, wire.WrittenCount, ContentFault.None), (transfer.Progress, transfer.Consumed, transfer.Fault));
        var ended = content.Length == 0 || content.AsSpan().EndsWith("\r\n"u8);
        Assert.Equal(Encoding.Latin1.GetString(content) + (ended ? "" : "\r\n"), transfer.Text);
    }

    [Property(MaxTest = 2000)]
    public void Content_that_needs_no_stuffing_may_be_sent_as_it_is(byte[] choices, byte[] cuts)
    {
        var content = Mix(choices, Clean);
        var traits = Transfer.Chunks(content, Lenient(BareNewlines.Reject)).Traits;
        if (!traits.HasFlag(ContentTraits.HasLeadingDot))
        {
            byte[] wire = [.. content, .. DotStuffer.EndOfData(traits)];
            var transfer = Transfer.Data(wire, Lenient(BareNewlines.Reject), Cuts(cuts));
            Assert.Equal((ContentProgress.Complete, wire.Length, ContentFault.None), (transfer.Progress, transfer.Consumed, transfer.Fault));
            Assert.True(transfer.Stored.AsSpan().StartsWith(content));
        }
    }
}
