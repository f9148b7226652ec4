using System.Buffers;
using System.Text;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Tests.Content;

/// <summary>A transfer of content to a receiver, cut into pieces, and what came of it.</summary>
internal sealed record Transfer(ContentProgress Progress, int Consumed, ContentFault Fault, ContentTraits Traits, long Length, byte[] Stored)
{
    public static ContentLimits Limits { get; } = new(1 << 20, 998, 100, BareNewlines.Reject);

    public static ContentLimits Normalizing { get; } = Limits with { BareNewlines = BareNewlines.Normalize };

    public string Text => Encoding.Latin1.GetString(Stored);

    /// <summary>Through DATA.</summary>
    /// <param name="wire">The octets after the reply to DATA.</param>
    /// <param name="limits">What content may be.</param>
    /// <param name="cuts">Lengths of the pieces; what is left is the last one.</param>
    public static Transfer Data(ReadOnlySpan<byte> wire, ContentLimits limits, params IEnumerable<int> cuts)
    {
        var receiver = new ContentReceiver(limits);
        var output = new ArrayBufferWriter<byte>();
        var progress = ContentProgress.NeedMore;
        var total = 0;
        foreach (var piece in Pieces(wire, cuts))
        {
            progress = receiver.ReceiveData(piece, output, out var consumed);
            total += consumed;
            if (progress == ContentProgress.Complete)
            {
                break;
            }

            Assert.Equal(piece.Length, consumed);
        }

        return Result(receiver, output, progress, total);
    }

    /// <summary>Through BDAT.</summary>
    public static Transfer Chunks(ReadOnlySpan<byte> content, ContentLimits limits, params IEnumerable<int> cuts)
    {
        var receiver = new ContentReceiver(limits);
        var output = new ArrayBufferWriter<byte>();
        foreach (var piece in Pieces(content, cuts))
        {
            receiver.ReceiveChunk(piece, output);
        }

        receiver.EndChunks(output);
        return Result(receiver, output, ContentProgress.Complete, content.Length);
    }

    public static Transfer Data(string wire, ContentLimits limits, params IEnumerable<int> cuts) => Data(Encoding.Latin1.GetBytes(wire), limits, cuts);

    public static Transfer Chunks(string content, ContentLimits limits, params IEnumerable<int> cuts) => Chunks(Encoding.Latin1.GetBytes(content), limits, cuts);

    /// <summary>Every way to cut octets into two pieces, then into single octets.</summary>
    public static IEnumerable<int[]> Cuts(int length) => [.. Enumerable.Range(0, length + 1).Select(cut => new[] { cut }), [.. Enumerable.Repeat(1, length)]];

    private static List<byte[]> Pieces(ReadOnlySpan<byte> octets, IEnumerable<int> cuts)
    {
        var pieces = new List<byte[]>();
        foreach (var cut in cuts)
        {
            var length = Math.Min(cut, octets.Length);
            pieces.Add(octets[..length].ToArray());
            octets = octets[length..];
        }

        pieces.Add(octets.ToArray());
        return pieces;
    }

    private static Transfer Result(ContentReceiver receiver, ArrayBufferWriter<byte> output, ContentProgress progress, int consumed)
    {
        var stored = output.WrittenSpan.ToArray();
        if (receiver.Fault == ContentFault.None && progress == ContentProgress.Complete)
        {
            Assert.Equal(stored.Length, receiver.Length);
        }

        return new Transfer(progress, consumed, receiver.Fault, receiver.Traits, receiver.Length, stored);
    }

    /// <summary>By value, the stored octets too.</summary>
    public bool Equals(Transfer? other) => other is not null && (Progress, Consumed, Fault, Traits, Length) == (other.Progress, other.Consumed, other.Fault, other.Traits, other.Length)
        && Stored.AsSpan().SequenceEqual(other.Stored);

    public override int GetHashCode() => HashCode.Combine(Progress, Consumed, Fault, Traits, Length, Stored.Length);
}
